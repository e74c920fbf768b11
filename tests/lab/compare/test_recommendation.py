"""The recommendation follows from the figures."""

from dataclasses import replace

from lab.compare.recommendation import best_choices, recommended, sentences
from lab.compare.result import Comparison
from tests.lab.compare.measurements import OUTAGE_OF_PROMETHEUS, comparison, measurement


def choices(measured: Comparison) -> dict[str, tuple[str, ...]]:
    return {each.need: each.architectures for each in best_choices(measured)}


def test_each_need_has_the_architectures_that_are_best_at_it() -> None:
    assert choices(OUTAGE_OF_PROMETHEUS) == {
        "see a call in the metrics soon (p50)": ("direct-scrape",),
        "spend little CPU per call": ("direct-scrape",),
        "send few bytes per call": ("otel-scrape", "otel-remote-write", "direct-scrape"),
        "have metrics of the time when Prometheus is stopped": ("otel-remote-write",),
        "lose or double no increment": ("otel-remote-write",),
    }


def test_the_shortest_gaps_are_recommended_and_the_choice_of_the_posts_is_not() -> None:
    assert recommended(OUTAGE_OF_PROMETHEUS) == ("otel-remote-write",)
    overall, posts, spans = sentences(OUTAGE_OF_PROMETHEUS)
    assert overall.startswith("By these figures take `otel-remote-write`:")
    assert "the totals do catch up (0 of 1,000 increments lost)" in posts
    assert "a gap of 61 s stays" in posts
    assert "`otel-remote-write` leaves no gap (1.2 s without a sample" in posts
    assert posts.endswith("that recommendation does not hold by these figures.")
    assert spans.endswith("by outage: proxy-restart 1.0 %.")


def test_where_the_choice_of_the_posts_holds_nothing_else_is_said() -> None:
    measured = comparison(
        measurement("otel-scrape", "prometheus", gap=1.5),
        measurement("otel-remote-write", "prometheus", gap=40.0, lost=7),
    )
    assert recommended(measured) == ("otel-scrape",)
    _, posts = sentences(measured)
    assert "and no gap longer than 1.5 s stays" in posts
    assert "`otel-remote-write` does no better (40 s without a sample, 7 increments lost)" in posts
    assert "does not hold" not in posts


def test_a_gap_that_is_only_partly_filled_is_shorter() -> None:
    measured = comparison(
        measurement("otel-scrape", "prometheus", gap=61.0),
        measurement("otel-remote-write", "prometheus", gap=9.0),
    )
    assert "`otel-remote-write` leaves a shorter one (9.0 s without" in sentences(measured)[1]


def test_lost_totals_do_not_catch_up() -> None:
    measured = comparison(measurement("otel-scrape", "prometheus", gap=61.0, lost=9))
    assert "the totals do not catch up (9 of 1,000 increments lost)" in sentences(measured)[1]


def test_figures_within_a_tenth_are_as_good() -> None:
    wire = {hop: round(number * 1.09) for hop, number in measurement("").wire_bytes.items()}
    measured = comparison(measurement("otel-scrape"), measurement("hybrid", wire_bytes=wire))
    assert choices(measured)["send few bytes per call"] == ("otel-scrape", "hybrid")


def test_without_outages_or_the_undisturbed_trial_there_is_less_to_say() -> None:
    calm = comparison(measurement("otel-scrape"))
    assert sentences(calm) == ()
    only = replace(calm, measurements=(measurement("hybrid", "link"),), bare_cpu_seconds=None)
    assert set(choices(only)) == {
        "have metrics of the time when the link to Prometheus and Jaeger is cut",
        "lose or double no increment",
    }
