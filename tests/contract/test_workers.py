"""Which tests are kept on one worker, and which start first."""

from pathlib import Path

from tests.workers import E2E, LONGEST, NODE, RECORDED, place, share

ROOT = Path(__file__).parents[2]


def test_all_files_that_ask_for_a_recording_stay_together() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("tests/*/test_*.py")
        if "\nfrom tests.recorded import " in path.read_text(encoding="utf-8")
    }

    assert asking == set(RECORDED)
    assert len({share(each) for each in asking}) == 1


def test_files_that_share_a_cluster_stay_together_and_others_do_not() -> None:
    assert share("tests/e2e/test_engine.py") == share("tests/e2e/test_process_guard.py") == E2E
    assert share("tests/node/test_node.py") == NODE
    assert share("tests/proxy/http/test_request_policy.py") != share(
        "tests/proxy/frontend/test_dispatcher.py"
    )


def test_the_longest_come_first_and_exist() -> None:
    assert place("tests/e2e/test_engine.py") < place("tests/toolhive/test_vanilla.py")
    assert place("tests/toolhive/test_vanilla.py") < place("tests/bench/test_bench.py")
    assert [each for each in LONGEST if not (ROOT / each).exists()] == []
