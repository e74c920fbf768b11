"""PromQL, written by tiny functions from text to text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """One label matcher of a selector; `operator` is one of PromQL's four."""

    label: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{within_quotes(self.value)}"'


def within_quotes(text: str) -> str:
    """`text` as it stands between the double quotes of a PromQL string."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def eq(label: str, value: str) -> Match:
    """`label` is exactly `value`."""
    return Match(label, "=", value)


def ne(label: str, value: str) -> Match:
    """`label` is anything but `value`."""
    return Match(label, "!=", value)


def like(label: str, pattern: str) -> Match:
    """`label` matches the whole of `pattern`, a regular expression (RE2)."""
    return Match(label, "=~", pattern)


def unlike(label: str, pattern: str) -> Match:
    """`label` does not match `pattern`, a regular expression (RE2)."""
    return Match(label, "!~", pattern)


def selector(name: str, *matches: Match) -> str:
    """The series called `name` whose labels pass every match; no name selects by labels only."""
    inside = ", ".join(str(match) for match in matches)
    return f"{name}{{{inside}}}" if inside else name


def rate(vector: str, window: str) -> str:
    """Increase per second of a counter over the window."""
    return f"rate({vector}[{window}])"


def increase(vector: str, window: str) -> str:
    """Increase of a counter over the window."""
    return f"increase({vector}[{window}])"


def over_time(operator: str, vector: str, window: str) -> str:
    """`operator` (last, max ...) over the samples of the window, series by series."""
    return f"{operator}_over_time({vector}[{window}])"


def aggregate(operator: str, vector: str, by: tuple[str, ...] = ()) -> str:
    """`operator` (sum, max, count ...) over the vector, one result for each value of `by`."""
    return f"{operator} by ({', '.join(by)}) ({vector})" if by else f"{operator}({vector})"


def quantile(q: float, buckets: str) -> str:
    """The q-quantile of cumulative buckets by `le`; absent, never NaN, where nothing happened."""
    return f"histogram_quantile({q:g}, {buckets}) >= 0"


def ratio(part: str, total: str) -> str:
    """`part` of `total`, both aggregations; absent, never NaN, where the total is nothing."""
    return f"{part} / ({total} > 0)"


def or_zero(vector: str, reference: str) -> str:
    """`vector`, and 0 for those members of `reference` that it lacks; both are aggregations."""
    return f"({vector} or 0 * {reference})"


def with_exemplars(vector: str, selector: str) -> str:
    """`vector`, and to Grafana also the exemplars of the series that `selector` chooses.

    It asks for those of every series that a query names. Here the second part names them: it is
    never true, and looked at for one moment only.
    """
    return f"{vector} or group({selector} @ end()) < 0"


def renamed(vector: str, label: str, new: str, keep: tuple[str, ...] = ()) -> str:
    """`vector` with `label` called `new`, and of the other labels those to keep."""
    by = ", ".join((*keep, new))
    return f'sum by ({by}) (label_replace({vector}, "{new}", "$1", "{label}", "(.*)"))'
