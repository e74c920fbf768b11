"""Pictures of pages, taken by chromium without a window."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.preview.errors import PreviewError
from lab.preview.model import Board

WIDTH = 1366
SCALE = 1.5
"""Pixels of the picture for one of the page: legible in a README and on a fine screen."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
"""They work as root and without a network, where nothing but our own pages is opened."""

_SECONDS = 60.0


def picture(page: Path, board: Board) -> Path:
    """Take a screenshot of a whole page, into its folder; raises PreviewError."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise PreviewError("--pictures: chromium is not on PATH; install it (Debian: chromium)")
    rows = max((each.place.y + each.place.h for each in board.panels), default=0)
    out, size = page.with_suffix(".png"), f"{WIDTH},{rows * 38 + 110}"
    with TemporaryDirectory() as profile:
        command = (
            *(chromium, *FLAGS, f"--user-data-dir={profile}", f"--window-size={size}"),
            *(f"--force-device-scale-factor={SCALE}", f"--screenshot={out.resolve()}"),
            page.resolve().as_uri(),
        )
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    if ended.returncode or not out.exists():
        raise PreviewError(f"--pictures: {chromium} failed: {ended.stderr.strip()[-200:]}")
    return out
