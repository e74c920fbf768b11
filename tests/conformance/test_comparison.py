import itertools

from tests.conformance.comparison import ABSENT, Difference, differences, failures, table
from tests.conformance.suite import Check, Results

SUCCESS, FAILURE = "SUCCESS", "FAILURE"


def results(*statuses: str, scenario: str = "ping") -> Results:
    return {scenario: tuple(Check("answered", status) for status in statuses)}


def test_the_same_results_do_not_differ() -> None:
    assert differences(results(SUCCESS, FAILURE), results(FAILURE, SUCCESS)) == ()


def test_a_check_that_fails_by_proxy_only_is_a_difference() -> None:
    found = differences(results(SUCCESS), results(FAILURE))
    assert found == (Difference("ping", "answered", SUCCESS, FAILURE),)


def test_a_check_that_passes_by_proxy_only_is_a_difference() -> None:
    assert differences(results(FAILURE), results(SUCCESS))


def test_one_of_several_checks_with_the_same_id_that_fails_is_a_difference() -> None:
    found = differences(results(SUCCESS, SUCCESS), results(SUCCESS, FAILURE))
    assert found == (Difference("ping", "answered", "2 SUCCESS", "FAILURE + SUCCESS"),)


def test_a_check_and_a_scenario_that_are_missing_by_proxy_are_differences() -> None:
    expected = (Difference("ping", "answered", SUCCESS, ABSENT),)
    assert differences(results(SUCCESS), {"ping": ()}) == expected
    assert differences(results(SUCCESS), {}) == expected


def test_a_check_that_is_made_by_proxy_only_is_a_difference() -> None:
    assert differences({}, results(SUCCESS)) == (Difference("ping", "answered", ABSENT, SUCCESS),)


def test_narration_is_no_check() -> None:
    assert differences(results(SUCCESS), results(SUCCESS, "INFO")) == ()
    assert failures(results("INFO"), ("ping",)) == ("ping: nothing was checked",)


def test_what_does_not_apply_by_proxy_may_be_left_out_but_not_fail() -> None:
    aside = {("ping", "answered")}
    assert differences(results(SUCCESS), {"ping": ()}, aside) == ()
    assert differences(results(SUCCESS), results(FAILURE), aside)


def test_what_applies_by_proxy_after_all_is_a_difference() -> None:
    assert differences(results(SUCCESS), results(SUCCESS), {("ping", "answered")})


def test_what_does_not_apply_in_one_scenario_applies_in_another() -> None:
    assert differences(results(SUCCESS), {"ping": ()}, {("pong", "answered")})


def test_a_required_scenario_fails_by_failure_warning_skipping_and_absence() -> None:
    for status in (FAILURE, "WARNING", "SKIPPED"):
        assert failures(results(SUCCESS, status), ("ping",)) == (f"ping: answered: {status}",)
    assert failures({}, ("ping",)) == ("ping: nothing was checked",)
    assert failures(results(SUCCESS), ("ping",)) == ()


def test_the_table_counts_passed_checks_by_road_and_sets_the_required_apart() -> None:
    direct = {**results(SUCCESS, FAILURE), **results(SUCCESS, scenario="tasks")}
    drawn = table({"direct": direct, "by proxy": results(SUCCESS, SUCCESS)}, ("ping",))
    assert drawn.splitlines() == [
        "required scenario  direct  by proxy",
        "ping               1/2     2/2",
        "all 1 required     1/2     2/2",
        "(tasks)            1/1     -",
    ]


def test_scenarios_that_only_the_proxy_has_are_in_the_order_of_its_run() -> None:
    for order in itertools.permutations("abcd"):
        proxied = {
            scenario: check
            for each in order
            for scenario, check in results(SUCCESS, scenario=each).items()
        }
        assert [each.scenario for each in differences({}, proxied)] == [*order]
