"""How the stack's rules are written: for the histograms that Prometheus stores."""

from dashboards.rules import RuleOptions
from stacks.config import StackConfig
from stacks.values import Values

_CHART = "kube-prometheus-stack"


def rule_options(config: StackConfig) -> RuleOptions:
    """For native histograms, if Prometheus stores them in place of classic ones.

    The user says so of an existing Prometheus, and the chart's values say so of the stack's own.
    """
    return RuleOptions(
        native_histograms=config.components.prometheus.native_histograms
        or _converts(config.values.get(_CHART, {}))
    )


def _converts(values: Values) -> bool:
    """Whether Prometheus converts what it scrapes, and keeps no classic histogram beside."""
    for key in ("prometheus", "prometheusSpec"):
        within = values.get(key)
        values = within if isinstance(within, dict) else {}
    kept = values.get("scrapeClassicHistograms") is True
    return values.get("convertClassicHistogramsToNHCB") is True and not kept
