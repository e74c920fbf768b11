"""What the command line asks for, checked: one line for each mistake."""

import argparse
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NoReturn

from dashboards.bundles import SETS, TOOLHIVE, UNIFIED
from dashboards.cli_text import holds_user, is_url
from dashboards.manifests import FOLDER, NAMESPACE
from dashboards.render_options import RenderOptions
from dashboards.thresholds import DEFAULTS, ThresholdError, Thresholds, read, reason
from dashboards.variants import toolhive
from dashboards.variants.label_schema import LabelSchema

TOKEN = "GRAFANA_TOKEN"
PROGRAM = "python -m dashboards"
_EXAMPLE = "https://grafana.example.org"

_WRITE = """Write the Grafana boards as OUT/dashboards/*.json, the Prometheus rules as
OUT/rules/*.yaml, and both as Kubernetes objects (ConfigMaps for Grafana's sidecar, a
PrometheusRule) as OUT/manifests/*.yaml; what Alertmanager keeps back while worse is told, a part
of its configuration, as OUT/alertmanager/*.yaml; for ToolHive's set its runbook too. Older files
of the same names are replaced, others are left alone; both sets may share a folder, a Grafana and
a Prometheus.
`python -m dashboards import --help` tells how to send the boards to a Grafana."""

_IMPORT = f"""Send the boards to a Grafana, into one folder, by its HTTP API. The token of a
service account that may edit dashboards and folders is read from the variable {TOKEN};
REQUESTS_CA_BUNDLE names the certificates of a private authority to trust."""


class UsageError(Exception):
    """The user asked for what cannot be; one line that says what can."""


@dataclass(frozen=True, slots=True)
class Write:
    """Files are wanted, under `out`."""

    out: Path
    choices: RenderOptions


@dataclass(frozen=True, slots=True)
class Import:
    """The boards are to be sent to the Grafana at `url`."""

    url: str
    token: str
    choices: RenderOptions


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def parse(arguments: list[str], environ: Mapping[str, str]) -> Write | Import:
    """Raises UsageError; --help ends the program."""
    if arguments[:1] == ["import"]:
        return _import(arguments[1:], environ)
    parser = _parser(PROGRAM, _WRITE)
    parser.add_argument("out", metavar="OUT", type=_out, help="folder to write to, made if missing")
    parser.add_argument(
        "--namespace",
        type=_namespace,
        default=NAMESPACE,
        metavar="NAME",
        help="of the Kubernetes objects (%(default)s)",
    )
    given = parser.parse_args(arguments)
    return Write(given.out, replace(_choices(given), namespace=given.namespace))


def _import(arguments: list[str], environ: Mapping[str, str]) -> Import:
    parser = _parser(f"{PROGRAM} import", _IMPORT)
    parser.add_argument("--grafana-url", metavar="URL", help="where Grafana is")
    given = parser.parse_args(arguments)
    url = _url(given.grafana_url)
    token = environ.get(TOKEN, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        state = "no token" if token else "not set"
        raise UsageError(f"{TOKEN} is {state}: put the token of a Grafana service account into it")
    return Import(url, token, _choices(given))


def _parser(program: str, purpose: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=program,
        description=purpose,
        epilog=f"{_sets_help()}\n\n{_thresholds_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--set",
        default=UNIFIED,
        metavar="SET",
        help="which boards and rules (%(default)s); below: whom each is for",
    )
    parser.add_argument(
        "--road",
        metavar="ROAD",
        help=f"how ToolHive's series reach Prometheus, needed by --set {TOOLHIVE}: see below",
    )
    parser.add_argument(
        "--toolhive-version",
        metavar="X.Y.Z",
        help=f"the ToolHive that runs, for --set {TOOLHIVE} ({toolhive.NEWEST})",
    )
    parser.add_argument(
        "--datasource",
        type=_uid,
        metavar="UID",
        help="uid of the one Prometheus data source to ask (without: the viewer chooses)",
    )
    parser.add_argument(
        "--folder", type=_folder, default=FOLDER, metavar="NAME", help="in Grafana (%(default)s)"
    )
    parser.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="YAML file with thresholds of your own"
    )
    return parser


def _choices(given: argparse.Namespace) -> RenderOptions:
    return RenderOptions(
        _thresholds(given), given.datasource, given.folder, dialect=_dialect(given)
    )


def _dialect(given: argparse.Namespace) -> LabelSchema | None:
    """Mistakes are told by what was meant, since who asks `make` never typed the option."""
    version, road = given.toolhive_version, given.road
    if given.set not in SETS:
        raise UsageError(f'"{given.set}" is not a set; choose {" or ".join(SETS)}')
    if given.set != TOOLHIVE:
        for what, value in (("road", road), ("ToolHive's version", version)):
            if value is not None:
                raise UsageError(f'{what} "{value}" goes with set {TOOLHIVE} only')
        return None
    if road is None:
        known = ", ".join(toolhive.ROADS)
        raise UsageError(f"set {TOOLHIVE} needs --road (make: ROAD=), one of {known}")
    try:
        return toolhive.dialect(toolhive.NEWEST if version is None else version, road)
    except (toolhive.UnknownRoad, toolhive.UnknownVersion) as error:
        raise UsageError(str(error)) from error


def _sets_help() -> str:
    roads = ((each.name, each.meaning) for each in toolhive.ROADS.values())
    releases = " and ".join(each.title for each in toolhive.RELEASES)
    return "\n".join(
        (
            "sets, and whom they are for:",
            *(f"  {name}: {whom}" for name, whom in SETS.items()),
            f"roads of --set {TOOLHIVE}:",
            *(f"  {name}: {meaning}" for name, meaning in roads),
            f"versions of ToolHive: any from {toolhive.RELEASES[0].title} on;"
            f" what is told differs from {releases} on",
        )
    )


def _thresholds(given: argparse.Namespace) -> Thresholds:
    try:
        return DEFAULTS if given.thresholds is None else read(given.thresholds)
    except ThresholdError as error:
        raise UsageError(f"thresholds: {error}") from error


def _thresholds_help() -> str:
    lines = [
        textwrap.fill(
            f"{each.name}: {getattr(DEFAULTS, each.name):.12g}  {reason(each.name)}",
            width=99,
            initial_indent="  ",
            subsequent_indent="      ",
        )
        for each in fields(Thresholds)
    ]
    return "\n".join(("thresholds, their defaults and reasons:", *lines))


def _checked(pattern: str, what: str, text: str) -> str:
    if not re.fullmatch(pattern, text):
        raise argparse.ArgumentTypeError(f'"{text}" is not {what}')
    return text


def _uid(text: str) -> str:
    return _checked("[A-Za-z0-9_-]{1,40}", "a uid: 1 to 40 letters, digits, - and _", text)


def _folder(text: str) -> str:
    return _checked(
        r"\S[^\x00-\x1f/\\]{0,98}", "a folder: 1 to 99 characters without / and \\", text
    )


def _namespace(text: str) -> str:
    allowed = "a namespace: 1 to 63 lower-case letters, digits and - inside"
    return _checked("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", allowed, text)


def _out(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("it is empty; give a folder")
    return Path(text)


def _url(text: str | None) -> str:
    """Where Grafana is, without a / at the end; a path in front of it stays."""
    if not text:
        raise UsageError(f"where is Grafana? Give --grafana-url (make: GRAFANA_URL=) {_EXAMPLE}")
    if holds_user(text):
        raise UsageError(f"Grafana's address holds a password; give a token in {TOKEN} instead")
    if not is_url(text):
        raise UsageError(f"{text!r} is no address of Grafana, such as {_EXAMPLE}")
    return text.rstrip("/")
