"""Levels are read as they are meant, and any other text is refused."""

from collections.abc import Callable

import pytest

from proxy.faults import levels
from proxy.faults.levels import Latency, LevelInvalid


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (levels.share, "20%", 0.2),
        (levels.share, "0.5%", 0.005),
        (levels.share, "100", 1.0),
        (levels.seconds, "200ms", 0.2),
        (levels.seconds, "1.5s", 1.5),
        (levels.number, "50", 50),
        (levels.size, "20MiB", 20 * 2**20),
        (levels.size, "0.5KiB", 512),
        (levels.latency, "2s", Latency(((1.0, 2.0),))),
        (levels.latency, "p50=100ms,p99=2s", Latency(((0.5, 0.1), (0.99, 2.0)))),
    ],
)
def test_a_level_is_read(parse: Callable[[str], object], text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (levels.share, ("", "0%", "101%", "-1%", "half", "1e2", "nan", "20 %")),
        (levels.seconds, ("", "0s", "2", "2m", "-1s", "601s", "s", "inf", "9" * 400 + "s")),
        (levels.number, ("", "0", "-5", "1.5", "10001", "9" * 30, "²")),
        (levels.size, ("", "0MiB", "20", "20MB", "257MiB", "9" * 400 + "KiB")),
        (
            levels.latency,
            ("", "fast", "p50=", "p50=100ms,", "p99=2s,p50=1s", "p50=2s,p99=1s", "p0=1s", "p101=1s")
            + ("p50=1s,p50=1s", "50=1s"),
        ),
    ],
)
def test_another_text_is_refused(parse: Callable[[str], object], texts: tuple[str, ...]) -> None:
    for text in texts:
        with pytest.raises(LevelInvalid):
            parse(text)


def test_a_latency_has_the_percentiles_that_were_given() -> None:
    found = levels.latency("p50=100ms,p99=2s")
    assert found.at(0.5) == pytest.approx(0.1)
    assert found.at(0.99) == pytest.approx(2.0)
    assert found.at(1.0) == pytest.approx(2.0)
    assert found.at(0.0) == 0.0
    assert 0.1 < found.at(0.7) < found.at(0.9) < 2.0


def test_one_latency_is_that_of_every_call() -> None:
    assert {levels.latency("200ms").at(share / 10) for share in range(11)} == {0.2}


def test_every_kind_of_level_takes_its_own_example() -> None:
    kinds = (levels.SHARE, levels.INTERVAL, levels.PAUSE, levels.LATENCY, levels.NUMBER)
    for kind in (*kinds, levels.SIZE):
        for example in kind.example.split(" or "):
            assert kind.parse(example)
