"""Boards and rules as files: written to a temporary folder, then moved, so that none is partial."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import yaml

from dashboards.alerts import RUNBOOK
from dashboards.inhibition import inhibition
from dashboards.manifests import board_configmap, prometheus_rule
from dashboards.render_options import RenderOptions
from dashboards.rules import document
from dashboards.runbook import runbook


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as a block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _yaml(document: object) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100)


def files(options: RenderOptions) -> dict[Path, str]:
    """Every file to write, by its path under the output folder."""
    bundle = options.bundle
    rules, prefix = document(bundle, options.rules), bundle.variant.prefix
    written = {
        Path("rules", f"{prefix}.yaml"): _yaml(rules),
        Path("manifests", f"rules-{prefix}.yaml"): _yaml(
            prometheus_rule(rules, options.namespace, prefix)
        ),
        Path("alertmanager", f"{prefix}.yaml"): _yaml(inhibition(bundle)),
    }
    if bundle.variant.runbook_file != RUNBOOK:
        written[Path(bundle.variant.runbook_file)] = runbook(bundle)
    for board in bundle.boards:
        text = options.board_text(board)
        manifest = board_configmap(board, text, options.namespace, options.folder)
        written[Path("dashboards", f"{board.uid}.json")] = text
        written[Path("manifests", f"board-{board.uid}.yaml")] = _yaml(manifest)
    return written


def write(out: Path, options: RenderOptions) -> int:
    """Write every file under `out`, replacing older ones of the same names; returns how many.

    Raises OSError, and then nothing has been replaced.
    """
    contents = files(options)
    out.mkdir(parents=True, exist_ok=True)
    _refuse_folders(out / path for path in contents)
    with tempfile.TemporaryDirectory(prefix=".dashboards-", dir=out) as temporary:
        for path, text in contents.items():
            written = Path(temporary, path)
            written.parent.mkdir(exist_ok=True)
            written.write_text(text, encoding="utf-8")
        for folder in {path.parent for path in contents}:
            (out / folder).mkdir(exist_ok=True)
        for path in contents:
            os.replace(Path(temporary, path), out / path)
    return len(contents)


def _refuse_folders(paths: Iterable[Path]) -> None:
    for each in paths:
        if each.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(each))
