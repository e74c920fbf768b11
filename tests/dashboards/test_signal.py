"""Signals: what each panel shows has a value in a test, and says what it lacks."""

import importlib
import pkgutil

from dashboards import signals
from dashboards.boards import EVERY
from dashboards.promql.schema import Source
from dashboards.signals import proxies, resources
from tests.dashboards.signals import history, test_resources


def test_every_signal_of_a_board_has_a_test_of_its_values() -> None:
    for module in pkgutil.iter_modules(signals.__path__):
        importlib.import_module(f"tests.dashboards.signals.test_{module.name}")
    on_a_cluster = {id(signal) for signal, _ in test_resources.EXPECTED}
    shown = [panel.signal for board in EVERY for panel in board.panels]

    tested = history.TESTED | on_a_cluster
    assert [each.title for each in shown if id(each) not in tested] == []


def test_a_signal_needs_what_all_its_queries_need() -> None:
    assert resources.CPU.needs is Source.KUBELET
    assert proxies.OPEN.needs is Source.PROXY


def test_the_help_has_the_reason_of_the_limit() -> None:
    assert proxies.LOST.help.endswith(" Anything lost makes the other numbers too low.")
