"""Every colour is of something that a board shows."""

from dashboards import BOARDS, palette
from proxy.telemetry.catalogue import Fault, Outcome

SIGNALS = [panel.signal for board in BOARDS for panel in board.panels]
LEGENDS = {query.name for signal in SIGNALS for query in signal.queries}
ENDINGS = {legend.partition("}} ")[2] for legend in LEGENDS}


def test_every_coloured_name_is_a_legend_or_a_value_of_a_label() -> None:
    assert set(palette.COLOURS) - LEGENDS - set(Outcome) - set(Fault) == set()


def test_every_coloured_family_is_a_legend() -> None:
    assert set(palette._BY_LABEL) - LEGENDS == set()


def test_every_coloured_loss_ends_a_legend() -> None:
    assert set(palette._LOSSES) - ENDINGS == set()
