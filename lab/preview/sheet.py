"""What is drawn: one board with its data, in one theme."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lab.preview.asking import Answer, Answers, Choice
from lab.preview.canvas import Canvas
from lab.preview.colours import Theme
from lab.preview.links import NOWHERE, Guide
from lab.preview.model import Board, Panel
from lab.preview.painters.scene import Scene

ALL = "All"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A board, the data of its panels, and what the viewer chose.

    `menu` are the titles of all boards with their addresses, for the page's links; `guide` says
    where the links in its panels lead.
    """

    board: Board
    answers: Answers
    choice: Choice
    theme: Theme
    menu: tuple[tuple[str, str], ...]
    guide: Guide = NOWHERE

    def scene(self, panel: Panel, canvas: Canvas) -> Scene:
        """What a painter of the panel needs."""
        return Scene(panel, self.answer(panel), canvas, self.guide)

    def answer(self, panel: Panel) -> Answer:
        """The panel's data; a panel without queries has none."""
        return self.answers.get(panel.id, Answer((), self.choice.window, 1))

    def chosen(self) -> Iterator[tuple[str, str]]:
        """Each variable's title with its value, then the time."""
        for variable in self.board.variables:
            yield variable.title, self.choice.chosen.get(variable.name, ALL)
        window = self.choice.window
        start, end = (datetime.fromtimestamp(each, UTC) for each in (window.start, window.end))
        form = "%H:%M:%S" if start.date() == end.date() else "%m-%d %H:%M:%S"
        yield "Time", f"{start:%Y-%m-%d %H:%M:%S} to {end.strftime(form)} UTC"
