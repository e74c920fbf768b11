"""Burn-rate alerts on calls that fail, and on calls that are slow."""

from collections.abc import Iterator

from tests.dashboards.alerts.cases import Fires, Quiet, alerts_test, calls, latencies, recorded
from tests.dashboards.promtool import History

ERRORS, LATENCY = "MCPErrorBudgetBurn", "MCPLatencyBudgetBurn"
HOURS, EIGHT_HOURS = ("62m", "90m", "3h"), ("380m", "420m", "480m")
TOO_FEW = "every call is bad, but there are too few"


def slow(good: str, every: str) -> History:
    return latencies({"2": good, "5": every, "+Inf": every})


FAST = (
    Fires(f"{ERRORS}Fast", calls("0+50x240", "0+10x240"), ("61m", "70m"), "16.67%"),
    Fires(f"{ERRORS}Steady", calls("0+57x480", "0+3x480"), ("370m", "390m"), "5%"),
    Fires(f"{LATENCY}Fast", slow("0+10x240", "0+60x240"), ("61m", "70m"), "83.33%"),
    Fires(
        f"{LATENCY}Steady",
        latencies({"2.0": "0+30x480", "5.0": "0+60x480", "+Inf": "0+60x480"}),
        *(("370m", "390m"), "50%"),
    ),
)
QUIET_FAST = (
    Quiet(f"{ERRORS}Fast", "7.2 % is the bound itself", calls("0+1160x240", "0+90x240"), HOURS),
    Quiet(f"{ERRORS}Fast", TOO_FEW, calls("0x240", "0+0.15x240"), HOURS),
    Quiet(
        *(f"{ERRORS}Fast", "it has ended: the last 5 minutes were good"),
        *(calls("0+50x240", "0+50x60 3000x180"), ("67m", "70m", "90m")),
    ),
    Quiet(
        *(f"{ERRORS}Fast", "a new server has no past to compare with"),
        *(calls("0+50x240", "0+50x240"), ("10m", "30m", "59m")),
    ),
    Quiet(f"{ERRORS}Steady", "3 % is the bound itself", calls("0+97x480", "0+3x480"), EIGHT_HOURS),
    Quiet(f"{ERRORS}Steady", TOO_FEW, calls("0x480", "0+0.02x480"), EIGHT_HOURS),
    Quiet(
        *(f"{LATENCY}Fast", "71 % is a little less than the bound"),
        *(slow("0+29x240", "0+100x240"), HOURS),
    ),
    Quiet(f"{LATENCY}Fast", TOO_FEW, slow("0x240", "0+0.15x240"), HOURS),
    Quiet(
        *(f"{LATENCY}Steady", "30 % is the bound itself"),
        *(slow("0+70x480", "0+100x480"), EIGHT_HOURS),
    ),
    Quiet(f"{LATENCY}Steady", TOO_FEW, slow("0x480", "0+0.02x480"), EIGHT_HOURS),
)


def burning(noun: str, long: str, short: str, ratio: str, rate: str, now: str = "") -> History:
    """A server of some age whose bad calls are recorded, hourly; `now` in the short window."""
    return recorded(
        {
            "mcp:calls:rate5m": "1x200",
            f"mcp:{noun}:ratio_rate{long}": f"{ratio}x200",
            f"mcp:{noun}:ratio_rate{short}": f"{now or ratio}x200",
            f"mcp:{noun}:rate{long}": f"{rate}x200",
        }
    )


# Name, windows, when it fires, when it would, the fewest calls; then of each objective the ratio
# that fires, as it is shown, and the bound.
SLOW = ("Slow", "1d", "2h", ("24h", "26h"), ("26h", "40h"), "0.0001")
CREEPING = ("Creeping", "3d", "6h", ("74h", "76h"), ("76h", "90h"), "0.00003")
SLOWLY = (
    (ERRORS, "errors", SLOW, "0.016", "1.6%", "0.015"),
    (ERRORS, "errors", CREEPING, "0.0055", "0.55%", "0.005"),
    (LATENCY, "slow", SLOW, "0.16", "16%", "0.15"),
    (LATENCY, "slow", CREEPING, "0.055", "5.5%", "0.05"),
)


def slowly_firing() -> Iterator[Fires]:
    for stem, noun, (name, long, short, between, _, _), ratio, shown, _ in SLOWLY:
        history = burning(noun, long, short, ratio, "0.01")
        yield Fires(f"{stem}{name}", history, between, shown, every="1h")


def slowly_quiet() -> Iterator[Quiet]:
    for stem, noun, (name, long, short, _, times, few), _, _, bound in SLOWLY:
        for reason, history in (
            (f"{bound} is the bound itself", burning(noun, long, short, bound, "0.01")),
            (TOO_FEW, burning(noun, long, short, "1", few)),
            (
                f"it has ended: the last {short} were good",
                burning(noun, long, short, "0.5", "0.01", now="0"),
            ),
        ):
            yield Quiet(f"{stem}{name}", reason, history, times, every="1h")


FIRES = (*FAST, *slowly_firing())
QUIET = (*QUIET_FAST, *slowly_quiet())

test_alerts = alerts_test(FIRES, QUIET)
