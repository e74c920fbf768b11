"""What the command line asks for, checked: one line for each mistake."""

import argparse
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NoReturn

from dashboards.cli_text import holds_user, is_url
from dashboards.cluster_label import ClusterLabelError, cluster_label
from dashboards.log_lines import LOG_STORES, LogStore
from dashboards.manifests import FOLDER, NAMESPACE
from dashboards.render_options import RenderOptions
from dashboards.rules import RuleOptions
from dashboards.thresholds import DEFAULTS, ThresholdError, Thresholds, read, reason
from dashboards.variants import toolhive
from dashboards.variants.variant import UNIFIED, Variant
from proxy.suggestions import did_you_mean, option_meant

TOKEN = "GRAFANA_TOKEN"
PROGRAM = "python -m dashboards"
_EXAMPLE = "https://grafana.example.org"

_WRITE = """Write the Grafana boards to OUT/dashboards/*.json, the Prometheus rules to
OUT/rules/*.yaml, both as Kubernetes objects (ConfigMaps for Grafana's sidecar, a PrometheusRule) to
OUT/manifests/*.yaml, and inhibit rules for Alertmanager's configuration to OUT/alertmanager/*.yaml;
for ToolHive's variant also its runbook. Existing files of the same names are replaced, others are
left alone; both variants can share a folder, a Grafana and a Prometheus.
`python -m dashboards import --help` describes how to send the boards to a Grafana."""

_IMPORT = f"""Send the boards to one folder of a Grafana through its HTTP API. The variable {TOKEN}
holds the token of a service account that may edit dashboards and folders; REQUESTS_CA_BUNDLE names
the certificates of a private authority to trust."""

_PURPOSES = {
    UNIFIED.name: "every proxy and ingestion path, with the labels that the stack's relabelling"
    " adds",
    toolhive.NAME: "ToolHive's own proxy, without this project's relabelling",
}
_RENAMED = {"--set": "--variant", "--road": "--ingestion"}


class UsageError(Exception):
    """The command line cannot be used; one line says why and what is allowed."""


@dataclass(frozen=True, slots=True)
class Write:
    """Write files under `out`."""

    out: Path
    options: RenderOptions


@dataclass(frozen=True, slots=True)
class Import:
    """Send the boards to the Grafana at `url`."""

    url: str
    token: str
    options: RenderOptions


class _Parser(argparse.ArgumentParser):
    """Reports a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        hint = option_meant(message, self._option_string_actions)
        raise UsageError(f"{message}; {hint}see {self.prog} --help")


def parse(arguments: list[str], environ: Mapping[str, str]) -> Write | Import:
    """Raises UsageError; --help ends the program."""
    for each in arguments:
        flag = each.partition("=")[0]
        if flag in _RENAMED:
            raise UsageError(f"{flag} is now {_RENAMED[flag]}")
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
    return Write(given.out, replace(_options(given), namespace=given.namespace))


def _import(arguments: list[str], environ: Mapping[str, str]) -> Import:
    parser = _parser(f"{PROGRAM} import", _IMPORT)
    parser.add_argument("--grafana-url", metavar="URL", help="where Grafana is")
    given = parser.parse_args(arguments)
    url = _url(given.grafana_url)
    token = environ.get(TOKEN, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        state = "not a token" if token else "not set"
        raise UsageError(f"{TOKEN} is {state}; set it to the token of a Grafana service account")
    return Import(url, token, _options(given))


def _parser(program: str, purpose: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog=program,
        description=purpose,
        epilog=f"{_variants_help()}\n\n{_thresholds_help()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--variant",
        default=UNIFIED.name,
        metavar="NAME",
        help="which boards and rules (%(default)s); described below",
    )
    parser.add_argument(
        "--ingestion",
        metavar="PATH",
        help=f"how ToolHive's metrics reach Prometheus, for --variant {toolhive.NAME}: see below",
    )
    parser.add_argument(
        "--toolhive-version",
        metavar="X.Y.Z",
        help=f"the version of ToolHive in use, for --variant {toolhive.NAME} ({toolhive.NEWEST})",
    )
    parser.add_argument(
        "--datasource",
        type=_uid,
        metavar="UID",
        help="uid of the Prometheus data source to query (without: the viewer selects one)",
    )
    parser.add_argument(
        "--logs",
        metavar="STORE",
        help=f"a store with the proxies' logs, {' or '.join(LOG_STORES)}: boards show the lines of"
        " failed calls (without: none)",
    )
    parser.add_argument(
        "--folder", type=_folder, default=FOLDER, metavar="NAME", help="in Grafana (%(default)s)"
    )
    parser.add_argument(
        "--cluster-label",
        metavar="LABEL",
        help="the label by which one store holds several clusters, such as cluster; boards select"
        " by it, and rules keep clusters apart (without: the store has one cluster)",
    )
    parser.add_argument(
        "--rules-per-group",
        metavar="N",
        help="split larger groups of rules; Mimir takes 20 by default (without: groups are whole)",
    )
    parser.add_argument(
        "--native-histograms",
        action="store_true",
        help="rules that restore classic histograms, where Prometheus stores native ones with"
        " custom buckets (convert_classic_histograms_to_nhcb)",
    )
    parser.add_argument(
        "--runbook-prefix", metavar="URL", help="what alerts' links to the runbook begin with"
    )
    parser.add_argument(
        "--dashboard-prefix", metavar="URL", help="what alerts' links to boards begin with: Grafana"
    )
    parser.add_argument(
        "--thresholds", type=Path, metavar="FILE", help="YAML file with thresholds of your own"
    )
    return parser


def _options(given: argparse.Namespace) -> RenderOptions:
    variant = _variant(given)
    return RenderOptions(
        _thresholds(given),
        given.datasource,
        given.folder,
        variant=variant,
        cluster_label=_cluster_label(given.cluster_label),
        rules=RuleOptions(
            _group_size(given.rules_per_group),
            _prefix("runbook prefix", given.runbook_prefix, "/"),
            _prefix("dashboard prefix", given.dashboard_prefix, ""),
            given.native_histograms,
        ),
        logs=_logs(given, variant),
    )


def _logs(given: argparse.Namespace, variant: Variant) -> LogStore | None:
    if given.logs is None:
        return None
    if given.logs not in LOG_STORES:
        raise UsageError(_unknown(given.logs, "a log store", LOG_STORES))
    if variant != UNIFIED:
        raise UsageError(f'log store "{given.logs}" is only for variant {UNIFIED.name}')
    return LOG_STORES[given.logs]


def _variant(given: argparse.Namespace) -> Variant:
    """Messages name the thing rather than the flag: users of `make` never typed the flag."""
    version, ingestion = given.toolhive_version, given.ingestion
    if given.variant not in _PURPOSES:
        raise UsageError(_unknown(given.variant, "a variant", _PURPOSES))
    if given.variant != toolhive.NAME:
        for what, value in (("ingestion path", ingestion), ("ToolHive version", version)):
            if value is not None:
                raise UsageError(f'{what} "{value}" is only for variant {toolhive.NAME}')
        return UNIFIED
    if ingestion is None:
        known = ", ".join(toolhive.INGESTION_PATHS)
        needed = f"variant {toolhive.NAME} needs --ingestion (make: INGESTION=)"
        raise UsageError(f"{needed}, one of {known}")
    try:
        return toolhive.variant(toolhive.NEWEST if version is None else version, ingestion)
    except (toolhive.UnknownIngestionPath, toolhive.UnknownVersion) as error:
        raise UsageError(str(error)) from error


def _unknown(name: str, what: str, known: Mapping[str, object]) -> str:
    return f'"{name}" is not {what}; {did_you_mean(name, known)}choose {" or ".join(known)}'


def _cluster_label(text: str | None) -> str | None:
    try:
        return text and cluster_label(text)
    except ClusterLabelError as error:
        raise UsageError(f'cluster label "{text}": {error}') from error


def _group_size(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise UsageError(f'rules per group "{text}" is not a number from 1 to 999999')
    return int(text)


def _prefix(what: str, text: str | None, end: str) -> str:
    """What a path is appended to: a URL with `end` at its end, or nothing."""
    if text is None:
        return ""
    if holds_user(text):
        raise UsageError(f"{what} contains a password; everybody who gets an alert would see it")
    if not is_url(text):
        raise UsageError(f'{what} "{text}" is not a URL, such as {_EXAMPLE}')
    return text.rstrip("/") + end


def _variants_help() -> str:
    paths = toolhive.INGESTION_PATHS.values()
    releases = " and ".join(each.title for each in toolhive.RELEASES)
    return "\n".join(
        (
            "variants, and what each is for:",
            *(f"  {name}: {purpose}" for name, purpose in _PURPOSES.items()),
            f"ingestion paths of --variant {toolhive.NAME}:",
            *(f"  {each.name}: {each.meaning}" for each in paths),
            f"versions of ToolHive: {toolhive.RELEASES[0].title} and later;"
            f" its metrics changed in {releases}",
        )
    )


def _thresholds(given: argparse.Namespace) -> Thresholds:
    try:
        return DEFAULTS if given.thresholds is None else read(given.thresholds)
    except ThresholdError as error:
        raise UsageError(f"thresholds: {error}") from error


def _thresholds_help() -> str:
    entries = [
        textwrap.fill(
            f"{each.name}: {getattr(DEFAULTS, each.name):.12g}  {reason(each.name)}",
            width=99,
            initial_indent="  ",
            subsequent_indent="      ",
        )
        for each in fields(Thresholds)
    ]
    return "\n".join(("thresholds, with their defaults and reasons:", *entries))


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
        raise argparse.ArgumentTypeError("empty; give a folder")
    return Path(text)


def _url(text: str | None) -> str:
    """Grafana's address without a trailing slash; its path, if any, is kept."""
    if not text:
        raise UsageError(
            f"no Grafana given; give --grafana-url (make: GRAFANA_URL=), such as {_EXAMPLE}"
        )
    if holds_user(text):
        raise UsageError(f"Grafana's address contains a password; set a token in {TOKEN} instead")
    if not is_url(text):
        raise UsageError(f"{text!r} is not an address of Grafana, such as {_EXAMPLE}")
    return text.rstrip("/")
