"""The queries for annotations of a fault count them within its time, on every board with them."""

import promql_parser
import pytest

from dashboards import BOARDS
from dashboards.annotations import FIRING
from dashboards.promql.schema import Source
from dashboards.queries import concrete
from lab.faults.annotation_checks import Interval, annotation_queries
from lab.faults.catalogue import FAULTS

EVERYTHING = frozenset(Source)


@pytest.mark.parametrize("name", FAULTS)
def test_each_annotation_is_counted_for_every_board_that_has_it(name: str) -> None:
    fault = FAULTS[name]
    firing = (FIRING,) if fault.expected_alerts(EVERYTHING) else ()
    expected = {
        (board.uid, f'annotation "{each.name}"')
        for each in (*firing, *fault.annotations)
        for board in BOARDS
        if each.name in [annotation.name for annotation in board.annotations]
    }
    found = list(annotation_queries(fault, EVERYTHING, "echo", Interval(1000.5, 7)))
    assert {(each.board, each.panel) for each in found} == expected
    for each in found:
        promql_parser.parse(concrete(each.expr, window="5s"))
        assert each.expr.endswith("[7s:100ms] @ 1000.500)")
        assert "$server" not in each.expr


def test_a_fault_without_alerts_is_no_firing_annotation() -> None:
    silent = [each for each in FAULTS.values() if not each.expected_alerts(frozenset())]
    queries = [
        query
        for fault in silent
        for query in annotation_queries(fault, frozenset(), "echo", Interval(1.0, 1))
    ]
    assert silent
    assert FIRING.name not in " ".join(query.panel for query in queries)
