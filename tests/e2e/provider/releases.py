"""`kubernetes:helm.sh/v3:Release`, by the helm binary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.provider.difference import Difference, changed_paths, under
from tests.e2e.provider.handler import Existing, Refused, Resource, Unready
from tests.e2e.provider.helm import Helm, HelmFailed, NameTaken
from tests.e2e.provider.properties import UNKNOWN, Properties, conceal, has_secret, reveal

TYPE_TOKEN = "kubernetes:helm.sh/v3:Release"
# The real provider's default.
TIMEOUT_SECONDS = 300.0
_SUFFIX_BYTES = 4

_OPTIONS = {
    "cleanupOnFail": "--cleanup-on-fail",
    "createNamespace": "--create-namespace",
    "dependencyUpdate": "--dependency-update",
    "description": "--description",
    "devel": "--devel",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "disableWebhooks": "--no-hooks",
    "forceUpdate": "--force",
    "maxHistory": "--history-max",
    "renderSubchartNotes": "--render-subchart-notes",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
    "skipCrds": "--skip-crds",
    "takeOwnership": "--take-ownership",
    "version": "--version",
}
_UPGRADE_ONLY = frozenset({"cleanupOnFail", "maxHistory", "resetValues", "reuseValues"})
_HANDLED = frozenset(
    {
        "allowNullValues",
        "chart",
        "compat",
        "name",
        "namespace",
        "repositoryOpts",
        "skipAwait",
        "timeout",
        "values",
    }
)
_AWAITING = {"atomic": "--atomic", "waitForJobs": "--wait-for-jobs"}


class Releases:
    """The handler of Release."""

    def __init__(self, helm: Helm, *, awaiting: bool) -> None:
        self._helm = helm
        self._awaiting = awaiting

    def check(self, resource: Resource, old_inputs: Properties, seed: bytes) -> Properties:
        inputs = resource.inputs
        unsupported = inputs.keys() - _OPTIONS.keys() - _HANDLED - _AWAITING.keys()
        if unsupported:
            raise Refused(
                f"Release {resource.name!r}: the stand-in provider cannot do "
                f"{', '.join(sorted(unsupported))}"
            )
        chart = reveal(inputs["chart"])
        if _is_local(chart) and not Path(chart).exists():
            raise Refused(f"Release {resource.name!r}: there is no chart at {chart!r}")
        old_name = old_inputs.get("name", f"{resource.name}-{seed[:_SUFFIX_BYTES].hex()}")
        return {"name": old_name, "namespace": "default"} | inputs

    def diff(self, resource: Resource, old_inputs: Properties) -> Difference:
        changed = tuple(changed_paths(reveal(old_inputs), reveal(resource.inputs)))
        return Difference(changed, under(changed, [("name",), ("namespace",)]))

    def preview(self, resource: Resource) -> Existing:
        outputs = resource.inputs | {"status": UNKNOWN, "resourceNames": UNKNOWN}
        return Existing(resource.identity, outputs)

    def create(self, resource: Resource) -> Existing:
        return self._perform(self._helm.install, resource, without=_UPGRADE_ONLY)

    def update(self, resource: Resource) -> Existing:
        return self._perform(self._helm.upgrade, resource)

    def read(self, resource: Resource) -> Existing | None:
        namespace, _, name = resource.identity.rpartition("/")
        inputs = resource.inputs | {"name": name, "namespace": namespace}
        release = self._status(reveal(inputs))
        return Existing(resource.identity, _outputs(release, inputs)) if release else None

    def delete(self, resource: Resource) -> None:
        namespace, _, name = resource.identity.rpartition("/")
        seconds = resource.timeout_seconds or _seconds(reveal(resource.inputs))
        try:
            self._helm.uninstall(name, namespace, seconds=seconds)
        except HelmFailed as failure:
            raise Refused(f"Release {resource.identity!r}: {failure}") from None

    def _perform(
        self,
        command: Callable[..., dict[str, Any]],
        resource: Resource,
        *,
        without: frozenset[str] = frozenset(),
    ) -> Existing:
        inputs = reveal(resource.inputs)
        values = self._helm.values_file(inputs.get("values", {}))
        arguments = [*_arguments(inputs, without), "--values", str(values)]
        if self._awaiting and not inputs.get("skipAwait"):
            waited = (option for key, option in _AWAITING.items() if inputs.get(key))
            arguments += ["--wait", *waited]
        try:
            release = command(inputs["name"], arguments, seconds=_seconds(inputs))
        except NameTaken as taken:
            raise Refused(f"Release {_identity(inputs)!r}: {taken}") from None
        except HelmFailed as failure:
            raise self._failed(resource, str(failure)) from None
        finally:
            values.unlink()
        return Existing(_identity(inputs), _outputs(release, resource.inputs))

    def _status(self, inputs: dict[str, Any]) -> dict[str, Any] | None:
        return self._helm.status(inputs["name"], inputs["namespace"], seconds=_seconds(inputs))

    def _failed(self, resource: Resource, message: str) -> Refused:
        """Unready if helm keeps a record of the failure: the state must then know of it, too."""
        inputs = reveal(resource.inputs)
        release = self._status(inputs)
        reason = f"Release {_identity(inputs)!r}: {message}"
        if release is None:
            return Refused(reason)
        return Unready(reason, _identity(inputs), _outputs(release, resource.inputs))


def _arguments(inputs: dict[str, Any], without: frozenset[str]) -> Iterator[str]:
    yield inputs["chart"]
    yield from ("--namespace", inputs["namespace"])
    if repository := inputs.get("repositoryOpts", {}).get("repo"):
        yield from ("--repo", repository)
    for key in sorted(_OPTIONS.keys() - without):
        option = _OPTIONS[key]
        if inputs.get(key) is True:
            yield option
        elif inputs.get(key):
            yield from (option, str(inputs[key]))


def _outputs(release: dict[str, Any], inputs: Properties) -> Properties:
    """The inputs and results that the real provider reports."""
    chart = release.get("chart", {}).get("metadata", {})
    status = {
        "name": release["name"],
        "namespace": release["namespace"],
        "revision": release["version"],
        "status": release["info"]["status"],
        "chart": chart.get("name"),
        "version": chart.get("version"),
        "appVersion": chart.get("appVersion"),
    }
    names = _resource_names(release.get("manifest", ""), release["namespace"])
    secret_values = inputs["values"] if has_secret(inputs.get("values")) else None
    return inputs | {"status": status, "resourceNames": conceal(names, secret_values)}


def _resource_names(manifest: str, namespace: str) -> dict[str, list[str]]:
    """The names of a manifest's objects by `kind/version`."""
    names: dict[str, list[str]] = defaultdict(list)
    for document in filter(None, yaml.load_all(manifest, Loader=yaml.CSafeLoader)):
        metadata = document.get("metadata", {})
        where = metadata.get("namespace", namespace)
        names[f"{document['kind']}/{document['apiVersion']}"].append(f"{where}/{metadata['name']}")
    return dict(names)


def _identity(inputs: dict[str, Any]) -> str:
    return f"{inputs['namespace']}/{inputs['name']}"


def _seconds(inputs: dict[str, Any]) -> float:
    return float(inputs.get("timeout") or TIMEOUT_SECONDS)


def _is_local(chart: str) -> bool:
    return chart.endswith(".tgz") or chart.startswith((".", "/"))
