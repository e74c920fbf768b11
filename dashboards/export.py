"""Boards and rules as files: written aside, then moved, so that no reader meets half a file."""

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import yaml

from dashboards.inhibition import inhibition
from dashboards.manifests import board_configmap, prometheus_rule
from dashboards.render_options import RenderOptions, texts
from dashboards.rules import document
from dashboards.runbook import SOURCE, runbook


class _Dumper(yaml.SafeDumper):
    """Text of several lines stays lines."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _yaml(document: object) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100)


def files(choices: RenderOptions) -> dict[Path, str]:
    """Every file to write, by its path under the chosen folder."""
    made = choices.made()
    rules = document(made)
    written = {
        Path("rules", f"{made.prefix}.yaml"): _yaml(rules),
        Path("manifests", f"rules-{made.prefix}.yaml"): _yaml(
            prometheus_rule(rules, choices.namespace, made.prefix)
        ),
        Path("alertmanager", f"{made.prefix}.yaml"): _yaml(inhibition(made)),
    }
    if made.dialect:
        text = SOURCE.read_text(encoding="utf-8")
        written[Path(made.dialect.names.runbook)] = runbook(text, made, made.dialect)
    for board, text in texts(made, choices):
        manifest = board_configmap(board, text, choices.namespace, choices.folder)
        written[Path("dashboards", f"{board.uid}.json")] = text
        written[Path("manifests", f"board-{board.uid}.yaml")] = _yaml(manifest)
    return written


def write(out: Path, choices: RenderOptions) -> int:
    """Write every file under `out`, replacing older ones of the same names; how many.

    Raises OSError, and then nothing has been replaced.
    """
    contents = files(choices)
    out.mkdir(parents=True, exist_ok=True)
    _require_no_folder(out / path for path in contents)
    with tempfile.TemporaryDirectory(prefix=".dashboards-", dir=out) as aside:
        for path, text in contents.items():
            written = Path(aside, path)
            written.parent.mkdir(exist_ok=True)
            written.write_text(text, encoding="utf-8")
        for folder in {path.parent for path in contents}:
            (out / folder).mkdir(exist_ok=True)
        for path in contents:
            os.replace(Path(aside, path), out / path)
    return len(contents)


def _require_no_folder(paths: Iterable[Path]) -> None:
    for each in paths:
        if each.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(each))
