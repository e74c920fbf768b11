"""Which tests are kept on one worker, and which start first."""

from pathlib import Path

from tests.workers import E2E, NODE, RECORDED, place, share

ROOT = Path(__file__).parents[2]


def test_all_files_that_ask_for_a_recording_stay_together() -> None:
    asking = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("tests/**/test_*.py")
        if "\nfrom tests.recorded import " in path.read_text(encoding="utf-8")
    }

    assert asking == set(RECORDED)
    assert len({share(each) for each in asking}) == 1


def test_files_that_share_a_cluster_stay_together_and_others_do_not() -> None:
    assert share("tests/e2e/test_servers.py") == share("tests/e2e/test_process_guard.py") == E2E
    assert share("tests/node/test_node.py") == NODE
    assert share("tests/proxy/http/test_request_policy.py") != share(
        "tests/proxy/frontend/test_dispatcher.py"
    )


def test_what_took_longest_comes_first_and_a_shared_cluster_before_what_is_not_known() -> None:
    seconds = {"tests/a/test_long.py": 60.0, "tests/a/test_short.py": 1.0, E2E: 30.0}
    order = [
        "tests/node/test_node.py",
        "tests/a/test_long.py",
        "tests/e2e/test_servers.py",
        "tests/a/test_short.py",
        "tests/a/test_new.py",
    ]
    assert sorted(sorted(order), key=lambda each: place(each, seconds)) == order
