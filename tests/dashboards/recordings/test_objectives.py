"""How many calls are bad over every window, and what that leaves of the budget."""

from dashboards.recordings import RECORDINGS
from dashboards.recordings.objectives import BURN_WINDOWS, RATED, WINDOWS
from dashboards.recordings.recording import PARTS
from tests.dashboards.alerts.cases import OF, REQUESTS
from tests.dashboards.recordings.cases import Recorded, latencies, recordings_test


def share(noun: str, window: str) -> Recorded:
    return Recorded(
        f"{noun} over {window}: the share",
        {f"mcp:calls:rate{window}{{{OF}}}": "2x10", f"mcp:{noun}:rate{window}{{{OF}}}": "0.5x10"},
        {f"mcp:{noun}:ratio_rate{window}": 0.25},
    )


def spent(noun: str, budget: float) -> Recorded:
    return Recorded(
        f"{noun}: the budget",
        {f"mcp:{noun}:ratio_rate{window}{{{OF}}}": "0.002x10" for window in BURN_WINDOWS}
        | {f"mcp:{noun}:ratio_rate30d{{{OF}}}": f"{0.3 * budget}x10"},
        {f"mcp:{noun}:burn_rate{window}": round(0.002 / budget, 6) for window in BURN_WINDOWS}
        | {f"mcp:{noun}:budget_left_ratio": 0.7},
    )


CASES = (
    Recorded(
        "short windows: one call a second, 10 % failed, 20 % slow",
        {
            f'{REQUESTS},mcp_method="ping",status="success"}}': "0+54x180",
            f'{REQUESTS},mcp_method="ping",status="error"}}': "0+6x180",
            **latencies({"2": "0+48x180", "5": "0+60x180", "+Inf": "0+60x180"}),
        },
        {f"mcp:calls:rate{window}": 1 for window in RATED}
        | {f"mcp:errors:{what}{window}": 0.1 for what in ("rate", "ratio_rate") for window in RATED}
        | {f"mcp:slow:{what}{window}": 0.2 for what in ("rate", "ratio_rate") for window in RATED}
        | {"mcp:latency:p95_5m": 4.25},
        "180m",
    ),
    *(share(noun, window) for noun in ("errors", "slow") for window in PARTS),
    *(spent("errors", 0.005), spent("slow", 0.05)),
)

test_recordings = recordings_test(CASES)


def test_windows_lead_from_minutes_to_the_budgets_month() -> None:
    assert WINDOWS == ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")


def test_no_rule_rates_raw_samples_over_more_than_two_hours() -> None:
    exprs = {each.record: str(each.expr) for each in RECORDINGS}

    assert [record for record, expr in exprs.items() if "rate(" in expr and "d]" in expr] == []
