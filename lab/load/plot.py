"""Results as one HTML page of charts, which needs no network. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any

import msgspec

from lab.load.result import Result
from lab.preview.page import asset

Figure = Mapping[str, Any]

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>body { font: 14px sans-serif; margin: 1.5em } pre { overflow-x: auto }
.chart { height: 360px }</style>
</head>
<body>
<h1>$title</h1>
<pre>$text</pre>
$charts
<script type="application/json" id="figures">$figures</script>
<script>$plotly</script>
<script>
const figures = JSON.parse(document.getElementById("figures").textContent);
for (const [id, figure] of Object.entries(figures))
  Plotly.newPlot(id, figure.data, figure.layout, { responsive: true, displaylogo: false });
</script>
</body>
</html>
""")


def html(results: Sequence[Result], text: str) -> str:
    """The page; `text` is shown above the charts."""
    figures = {"latency": _spectrum(results)}
    for number, result in enumerate(results):
        figures |= {f"rate-{number}": _rates(result), f"time-{number}": _times(result)}
    return page("Load test", text, figures)


def page(title: str, text: str, figures: Mapping[str, Figure]) -> str:
    """A page of charts by their ids, with a text above."""
    # In a script element `<` could end it, or begin a comment.
    encoded = msgspec.json.encode(figures).decode().replace("<", "\\u003c")
    charts = "\n".join(f'<div class="chart" id="{name}"></div>' for name in figures)
    return _PAGE.substitute(
        title=escape(title),
        text=escape(text),
        charts=charts,
        figures=encoded,
        plotly=asset("plotly.js"),
    )


def _spectrum(results: Sequence[Result]) -> Figure:
    """Latency by percentile; each nine takes as much room as the one before."""
    ticks = [0, 50, 90, 99, 99.9, 99.99]
    lines = [
        line(
            each.test,
            [100 / (100 - percent) for percent in each.spectrum],
            [_milliseconds(seconds) for seconds in each.spectrum.values()],
        )
        for each in results
    ]
    positions = [100 / (100 - each) for each in ticks]
    axis = {"type": "log", "title": {"text": "percentile"}, "tickvals": positions}
    shown = layout("Latency by percentile", "ms")
    return {"data": lines, "layout": {**shown, "xaxis": {**axis, "ticktext": ticks}}}


def _rates(result: Result) -> Figure:
    """Calls of each second."""
    seconds = [each.seconds for each in result.intervals]
    lines = [
        line(name, seconds, [getattr(each, name) for each in result.intervals])
        for name in ("due", "sent", "ok", "failed", "waiting")
    ]
    return {"data": lines, "layout": _over_time(f"{result.test}: calls", "calls in a second")}


def _times(result: Result) -> Figure:
    """Latency of the calls that ended in each second."""
    seconds = [each.seconds for each in result.intervals]
    lines = [
        line(name, seconds, [_milliseconds(getattr(each, name)) for each in result.intervals])
        for name in ("p50", "p95", "p99")
    ]
    return {"data": lines, "layout": _over_time(f"{result.test}: latency", "ms")}


def line(name: str, x: Sequence[float], y: Sequence[float]) -> Figure:
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y}


def _milliseconds(seconds: float) -> float:
    return seconds * 1000


def _over_time(title: str, unit: str) -> Figure:
    return {**layout(title, unit), "xaxis": {"title": {"text": "seconds"}}}


def layout(title: str, unit: str) -> Figure:
    axis = {"title": {"text": unit}, "rangemode": "tozero"}
    return {"title": {"text": title}, "yaxis": axis, "showlegend": True}
