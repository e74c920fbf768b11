"""What a terminal shows of a demo, at fixed sizes; and the same on one line."""

from dataclasses import replace

import pytest
from rich.console import Console

from lab.jaeger_api import Span
from lab.preview.traces import Trace
from lab.watch.snapshot import Figures, Part, ServerFigures, Snapshot
from lab.watch.view import ASCII, UNICODE, Glyphs, line, view


def span(id: str, parent: str, name: str, start: float, seconds: float, **tags: str) -> Span:
    service, _, operation = name.partition(": ")
    return Span("4bf92f3577b34da6", id, parent, operation, service, tags, start, seconds)


TRACE = Trace(
    (
        span("1", "", "agent: tools/call echo", 0.0, 0.0040),
        span("2", "1", "echo-http: tools/call echo", 0.0005, 0.0030),
        span("3", "2", "echo: tools/call echo", 0.0010, 0.0010, error="true"),
    )
)
FIGURES = Figures(
    (
        ServerFigures("echo-http", 12.25, 0.012, 0.0021, 0.0075, 0.83, 1.0),
        ServerFigures("echo-stdio", 0.0),
    ),
    {"ok": 24.0, "tool_error": 0.2, "timeout": 0.0},
    ("MCPCallsLost of echo-http",),
)
PARTS = tuple(map(Part, ("jaeger", "prometheus", "proxy-echo-http", "preview")))
DEAD = Part("collector", "Connection refused")
SNAPSHOT = Snapshot(
    *("otel-scrape", "http://127.0.0.1:5/d/mcp-home", 72.0, 640 * 2**20),
    parts=(*PARTS, DEAD),
    figures=FIGURES,
    trace=TRACE,
)


def drawn(
    snapshot: Snapshot, width: int = 80, height: int = 24, glyphs: Glyphs = UNICODE
) -> list[str]:
    """The lines, without colours."""
    console = Console(width=width, height=height, color_system=None)
    with console.capture() as captured:
        console.print(view(snapshot, width, height, glyphs))
    return [each.rstrip() for each in captured.get().splitlines()]


def styled(snapshot: Snapshot) -> str:
    """All of it, with the codes of its colours."""
    console = Console(width=80, height=24, color_system="truecolor", force_terminal=True)
    with console.capture() as captured:
        console.print(view(snapshot, 80, 24))
    return captured.get()


def test_a_terminal_of_80_columns_and_24_lines_shows_all_of_it() -> None:
    assert drawn(SNAPSHOT) == [
        "otel-scrape  up 0:01:12  640 MiB  http://127.0.0.1:5/d/mcp-home",
        f"Parts: 4 of 5 ready {'─' * 60}",
        "✗ collector  Connection refused",
        "● jaeger           ● prometheus       ● proxy-echo-http  ● preview",
        f"Calls within 30 s, and budgets left of 30 days {'─' * 33}",
        "server           calls  errors      p50      p95  availability  latency",
        "echo-http   12.3 req/s   1.20%  2.10 ms  7.50 ms           83%     100%",
        "echo-stdio     0 req/s       -        -        -             -        -",
        f"Outcomes {'─' * 71}",
        f"ok                24 req/s {'█' * 53}",
        "tool_error     0.200 req/s █",
        f"Alerts {'─' * 73}",
        "MCPCallsLost of echo-http",
        f"Last trace: 4 ms, 4bf92f3577b34da6 {'─' * 45}",
        f"agent: tools/call echo            4 ms {'█' * 41}",
        f"  echo-http: tools/call echo      3 ms {' ' * 5}{'█' * 31}",
        f"    echo: tools/call echo         1 ms {' ' * 10}{'█' * 10}",
    ]


def test_a_high_terminal_has_space_between_the_sections() -> None:
    lines = drawn(SNAPSHOT, height=40)
    assert lines.count("") == 5
    assert [each for each in lines if each] == drawn(SNAPSHOT)


@pytest.mark.parametrize(
    ("width", "height"), [(80, 24), (80, 10), (40, 12), (20, 5), (7, 1), (1, 1), (300, 100)]
)
def test_no_size_is_exceeded(width: int, height: int) -> None:
    many = replace(SNAPSHOT, parts=tuple(Part(f"part-{n}", "gone " * 40) for n in range(30)))
    for each in (SNAPSHOT, many):
        lines = drawn(each, width, height)
        assert len(lines) <= height
        assert max(map(len, lines)) <= width


def test_what_does_not_fit_is_counted_and_the_longest_section_gives_way() -> None:
    servers = tuple(ServerFigures(f"server-{n}") for n in range(20))
    crowded = replace(SNAPSHOT, figures=replace(FIGURES, servers=servers))

    lines = drawn(crowded)

    assert len(lines) == 24
    assert "… 12 more" in lines
    assert "✗ collector  Connection refused" in lines
    assert "MCPCallsLost of echo-http" in lines


def test_faults_are_shown_while_they_are_on() -> None:
    faulty = replace(SNAPSHOT, faults=("hang on echo-http",))

    lines = drawn(faulty)

    title = next(n for n, each in enumerate(lines) if each.startswith("Faults switched on "))
    assert lines[title + 1] == "hang on echo-http"
    assert "; fault: hang on echo-http; ok 24 req/s;" in line(faulty)


def test_an_encoding_without_the_characters_gets_others() -> None:
    quick = Trace((span("1", "", "agent: ping", 0.0, 0.0000021),))
    lines = drawn(replace(SNAPSHOT, trace=quick), glyphs=ASCII)
    assert "".join(lines).isascii()
    assert "x collector  Connection refused" in lines
    assert lines[-1].startswith("agent: ping   2.10 us ###")


def test_before_the_first_answers_nothing_is_claimed() -> None:
    unknown = tuple(Part(each.name, known=False) for each in PARTS)
    lines = drawn(Snapshot("hybrid", "http://127.0.0.1:5/", 0.0, 0, unknown))
    assert lines[0] == "hybrid  up 0:00:00  http://127.0.0.1:5/"
    assert lines[1].startswith("Parts: 0 of 4 ready ")
    assert "●" not in "".join(lines)
    assert lines.count("not known yet") == 1
    assert lines[-1] == "none yet"


def test_what_does_not_answer_is_named() -> None:
    lost = replace(
        SNAPSHOT,
        figures=None,
        figures_note="http://a: no answer: Connection refused",
        trace=None,
        trace_note="http://b: no response from Jaeger: timed out",
    )
    lines = drawn(lost)
    assert "http://a: no answer: Connection refused" in lines
    assert "http://b: no response from Jaeger: timed out" in lines
    assert line(lost).endswith("Connection refused; http://b: no response from Jaeger: timed out")


def test_colours_are_those_of_the_dashboards() -> None:
    text = styled(SNAPSHOT)
    red, green, orange = (f"38;2;{code}m" for code in ("242;73;92", "115;191;105", "255;152;48"))
    assert f"{red}✗ collector" in text
    assert f"{green}●" in text
    assert f"{orange}   1.20%" in text  # above a fifth of the threshold
    assert f"{green}           83%" in text
    assert f"{red}MCPCallsLost" in text
    assert f"{red}          █" in text  # the span that failed
    overspent = replace(FIGURES, servers=(ServerFigures("a", availability_budget=-0.5),))
    assert f"{red}          -50%" in styled(replace(SNAPSHOT, figures=overspent))


def test_a_name_cannot_send_codes_to_the_terminal() -> None:
    evil = Trace((span("1", "", "agent: \x1b[2J\n\x07x", 0.0, 1.0),))
    figures = Figures((ServerFigures("a\x1b[31m"),), {}, ("A of \x1b]0;x\x07",))
    parts = (Part("a", "HTTP 500: \x1b[2J"),)
    given = replace(SNAPSHOT, parts=parts, figures=figures, trace=evil)
    assert "\x1b" not in "".join(drawn(given)) + line(given)


def test_one_line_for_what_is_not_a_terminal() -> None:
    assert line(SNAPSHOT) == (
        "otel-scrape; collector: Connection refused; ok 24 req/s; tool_error 0.200 req/s;"
        " echo-http: calls 12.3 req/s, errors 1.20%, p50 2.10 ms, p95 7.50 ms, availability 83%,"
        " latency 100%; echo-stdio: calls 0 req/s, errors -, p50 -, p95 -, availability -,"
        " latency -; alerts: MCPCallsLost of echo-http"
    )
