"""Numbers read as in Grafana: the table is what @grafana/data 13.2.2 answers for these values."""

import pytest

from lab.preview.units import FORMATTERS, formatter

# unit, value, text with as many decimals as it needs, text with one decimal
GRAFANA = [
    ("none", 0, "0", "0.0"),
    ("none", 1, "1", "1.0"),
    ("none", 0.5, "0.500", "0.5"),
    ("none", 0.0123, "0.0123", "0.0"),
    ("none", 1.5, "1.50", "1.5"),
    ("none", 12.345, "12.3", "12.3"),
    ("none", 123.456, "123", "123.5"),
    ("none", 1234567, "1234567", "1234567.0"),
    ("none", 1e-10, "1e-10", "0.0"),
    ("short", 0, "0", "0.0"),
    ("short", 0.05, "0.0500", "0.1"),
    ("short", 999.9, "1000", "999.9"),
    ("short", 1000, "1 K", "1.0 K"),
    ("short", 1536, "1.54 K", "1.5 K"),
    ("short", 1234567, "1.23 Mil", "1.2 Mil"),
    ("short", 800000000, "800 Mil", "800.0 Mil"),
    ("percent", 0, "0%", "0.0%"),
    ("percent", 12.345, "12.3%", "12.3%"),
    ("percent", 90, "90%", "90.0%"),
    ("percentunit", 0, "0%", "0.0%"),
    ("percentunit", 0.05, "5%", "5.0%"),
    ("percentunit", 0.0123, "1.23%", "1.2%"),
    ("percentunit", 0.9999, "100.0%", "100.0%"),
    ("percentunit", 1.5, "150%", "150.0%"),
    ("percentunit", 0.00042, "0.0420%", "0.0%"),
    ("s", 0, "0 s", "0 s"),
    ("s", 1e-10, "0.100 ns", "0.1 ns"),
    ("s", 7e-07, "700 ns", "700.0 ns"),
    ("s", 0.00042, "420 µs", "420.0 µs"),
    ("s", 0.001, "1 ms", "1.0 ms"),
    ("s", 0.0123, "12.3 ms", "12.3 ms"),
    ("s", 0.5, "500 ms", "500.0 ms"),
    ("s", 1, "1 s", "1.0 s"),
    ("s", 1.5, "1.50 s", "1.5 s"),
    ("s", 59.9, "59.9 s", "59.9 s"),
    ("s", 60, "1 min", "1.0 min"),
    ("s", 90, "1.50 mins", "1.5 mins"),
    ("s", 3600, "1 hour", "1.0 hour"),
    ("s", 5400, "1.50 hours", "1.5 hours"),
    ("s", 86400, "1 day", "1.0 day"),
    ("s", 1234567, "2.04 weeks", "2.0 weeks"),
    ("s", 30000000, "49.6 weeks", "49.6 weeks"),
    ("s", 800000000, "25.4 years", "25.4 years"),
    ("bytes", 0, "0 B", "0.0 B"),
    ("bytes", 1, "1 B", "1.0 B"),
    ("bytes", 0.5, "0.500 B", "0.5 B"),
    ("bytes", 1024, "1 KiB", "1.0 KiB"),
    ("bytes", 1536, "1.50 KiB", "1.5 KiB"),
    ("bytes", 1234567, "1.18 MiB", "1.2 MiB"),
    ("bytes", 800000000, "763 MiB", "762.9 MiB"),
    ("binBps", 0, "0 B/s", "0.0 B/s"),
    ("binBps", 1536, "1.50 KiB/s", "1.5 KiB/s"),
    ("reqps", 0, "0 req/s", "0.0 req/s"),
    ("reqps", 0.5, "0.500 req/s", "0.5 req/s"),
    ("reqps", 0.05, "0.0500 req/s", "0.1 req/s"),
    ("reqps", 1, "1 req/s", "1.0 req/s"),
    ("reqps", 12.345, "12.3 req/s", "12.3 req/s"),
    ("reqps", 1000, "1K req/s", "1.0K req/s"),
    ("reqps", 1234567, "1.23M req/s", "1.2M req/s"),
    ("cps", 0, "0 c/s", "0.0 c/s"),
    ("cps", 2.26, "2.26 c/s", "2.3 c/s"),
    ("cps", 1024, "1.02K c/s", "1.0K c/s"),
    ("ops", 0, "0 ops/s", "0.0 ops/s"),
    ("ops", 2.26, "2.26 ops/s", "2.3 ops/s"),
    ("ops", 1024, "1.02K ops/s", "1.0K ops/s"),
]


@pytest.mark.parametrize(("unit", "value", "text", "one_decimal"), GRAFANA)
def test_a_value_reads_as_in_grafana(unit: str, value: float, text: str, one_decimal: str) -> None:
    assert formatter(unit)(value, None) == text
    assert formatter(unit)(value, 1) == one_decimal


def test_every_unit_is_in_the_table() -> None:
    assert {unit for unit, *_ in GRAFANA} == set(FORMATTERS)
