"""A snapshot as a picture for documents. Pure."""

import io
import re

from rich.console import Console

from lab.watch.snapshot import Snapshot
from lab.watch.view import SPACIOUS_LINES, view

WIDTH = 96


def svg(snapshot: Snapshot) -> str:
    """An SVG that needs nothing from elsewhere, in the reader's monospaced font."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), color_system="truecolor", force_terminal=True
    )
    console.print(view(snapshot, WIDTH, SPACIOUS_LINES))
    text = console.export_svg(title="make watch", unique_id="watch")
    return re.sub(r"\n *@font-face \{.*?\}\n", "\n", text, flags=re.DOTALL)
