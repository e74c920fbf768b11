"""The machinery itself, on a small program: the stand-in provider does what the real one does."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from tests.e2e.engine import Engine, EngineFailed, Program, Project, Stack, Step
from tests.e2e.kubeapi.client import Client
from tests.e2e.kubeapi.inventory import Entry, inventory

pytestmark = pytest.mark.slow

PASSWORD = "a-password-that-is-easy-to-find"
CHART = """
apiVersion: v2
name: small
version: 1.2.3
"""
TEMPLATE = """
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-values, namespace: {{ .Release.Namespace }}}
data:
  values.json: {{ .Values | toJson | quote }}
"""
DEFINITION: dict[str, Any] = {
    "metadata": {"name": "teapots.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"kind": "Teapot", "plural": "teapots"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"cups": {"type": "integer"}}}
                        },
                    }
                },
            }
        ],
    },
}

StackOf = Callable[[Program], Stack]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    templates = tmp_path / "small" / "templates"
    templates.mkdir(parents=True)
    (templates.parent / "Chart.yaml").write_text(CHART)
    (templates / "values.yaml").write_text(TEMPLATE)
    return templates.parent


@pytest.fixture
def stack_of(engine: Engine, untouched: frozenset[Entry]) -> StackOf:
    project = Project(
        settings={"name": "small", "runtime": "python"},
        stack_name="test",
        secrets={"small:password": PASSWORD},
    )
    return lambda program: engine.create_stack(project, program)


def _everything(chart: Path, *, replicas: int = 1) -> None:
    """A program with one resource of each sort that the stand-in provider tells apart."""
    namespace = kubernetes.core.v1.Namespace("kitchen", metadata={"name": "kitchen"})
    inside = namespace.metadata["name"]
    kubernetes.core.v1.ConfigMap(
        "autonamed", metadata={"namespace": inside}, data={"replicas": str(replicas)}
    )
    definition = kubernetes.apiextensions.v1.CustomResourceDefinition("teapots", **DEFINITION)
    _teapot({"cups": replicas}, inside, definition)
    release = kubernetes.helm.v3.Release(
        "small",
        name="small",
        chart=str(chart),
        namespace=inside,
        values={"replicas": replicas, "nothing": None},
    )
    pulumi.export("revision", release.status.revision)


def test_a_program_is_deployed_then_unchanged_then_updated_then_gone(
    stack_of: StackOf, client: Client, chart: Path, untouched: frozenset[Entry]
) -> None:
    replicas = [1]
    stack = stack_of(lambda: _everything(chart, replicas=replicas[0]))

    created = stack.up()
    assert {step.operation for step in created} == {"create"}
    teapot = client.read("example.com/v1", "Teapot", "teapot", namespace="kitchen")
    assert teapot is not None
    assert teapot["spec"] == {"cups": 1}
    recorded = client.read("v1", "ConfigMap", "small-values", namespace="kitchen")
    assert recorded is not None
    assert recorded["data"] == {"values.json": '{"nothing":null,"replicas":1}'}

    assert stack.preview() == frozenset()
    assert stack.up() == frozenset()

    replicas[0] = 2
    assert stack.up() == {
        Step("update", "kubernetes:example.com/v1:Teapot", "teapot"),
        Step("update", "kubernetes:helm.sh/v3:Release", "small"),
        Step("create-replacement", "kubernetes:core/v1:ConfigMap", "autonamed"),
        Step("replace", "kubernetes:core/v1:ConfigMap", "autonamed"),
        Step("delete-replaced", "kubernetes:core/v1:ConfigMap", "autonamed"),
    }
    assert stack.outputs()["revision"].value == 2

    _note_event(client, "kitchen")
    stack.destroy()
    assert inventory(client) == untouched


def test_a_secret_is_in_clear_in_the_cluster_only(
    stack_of: StackOf, client: Client, chart: Path, engine: Engine
) -> None:
    stack = stack_of(lambda: _secrets_in_all_places(chart))
    stack.up()
    in_base64 = base64.b64encode(PASSWORD.encode()).decode()
    for name, kind, value in (
        ("typed", "Secret", in_base64),
        ("untyped", "Secret", in_base64),
        ("note", "ConfigMap", PASSWORD),
        ("small-values", "ConfigMap", PASSWORD),
    ):
        live = client.read("v1", kind, name, namespace="default")
        assert live is not None
        assert value in repr(live["data"])
    for spelling in (PASSWORD, in_base64):
        assert engine.files_with(spelling) == []
        assert spelling not in "\n".join(stack.transcript)


def test_an_object_that_exists_already_is_an_error(stack_of: StackOf, client: Client) -> None:
    client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "taken"}})
    stack = stack_of(lambda: _config_map("taken"))
    with pytest.raises(EngineFailed, match="ConfigMap 'default/taken' exists already"):
        stack.up()


def test_a_release_that_exists_already_is_an_error_and_not_taken_over(
    stack_of: StackOf, chart: Path
) -> None:
    def program() -> None:
        same: dict[str, Any] = {"name": "one", "chart": str(chart), "namespace": "default"}
        first = kubernetes.helm.v3.Release("first", **same)
        after = pulumi.ResourceOptions(depends_on=[first])
        kubernetes.helm.v3.Release("second", **same, opts=after)

    stack = stack_of(program)
    with pytest.raises(EngineFailed, match="cannot re-use a name that is still in use"):
        stack.up()
    resources = [each["type"] for each in stack.state()["resources"]]
    assert resources.count("kubernetes:helm.sh/v3:Release") == 1


def test_a_field_that_the_kind_does_not_have_is_an_error(stack_of: StackOf) -> None:
    def program() -> None:
        definition = kubernetes.apiextensions.v1.CustomResourceDefinition("teapots", **DEFINITION)
        _teapot({"cups": 1, "saucers": 1}, "default", definition)

    with pytest.raises(EngineFailed, match="saucers"):
        stack_of(program).up()


def test_a_failed_release_is_kept_as_failed_and_repaired_by_the_next_up(
    stack_of: StackOf, client: Client, chart: Path
) -> None:
    template = chart / "templates" / "values.yaml"
    template.write_text(TEMPLATE.replace("-values", "-VALUES"))

    def program() -> None:
        kubernetes.helm.v3.Release("small", name="small", chart=str(chart), namespace="default")

    stack = stack_of(program)
    with pytest.raises(EngineFailed, match="small-VALUES"):
        stack.up()
    template.write_text(TEMPLATE)
    assert stack.up() == {Step("update", "kubernetes:helm.sh/v3:Release", "small")}
    assert client.read("v1", "ConfigMap", "small-values", namespace="default")
    stack.destroy()
    assert client.read("v1", "ConfigMap", "small-values", namespace="default") is None


def test_a_refresh_notices_what_is_gone_and_the_next_up_makes_it_again(
    stack_of: StackOf, client: Client, chart: Path
) -> None:
    def program() -> None:
        _config_map("object")
        _config_map("staying")
        kubernetes.helm.v3.Release("small", name="small", chart=str(chart), namespace="default")

    stack = stack_of(program)
    stack.up()
    client.delete("v1", "ConfigMap", "object", namespace="default")
    client.delete("v1", "Secret", "sh.helm.release.v1.small.v1", namespace="default")
    client.delete("v1", "ConfigMap", "small-values", namespace="default")
    stack.refresh()
    assert stack.up() == {
        Step("create", "kubernetes:core/v1:ConfigMap", "object"),
        Step("create", "kubernetes:helm.sh/v3:Release", "small"),
    }


def test_an_object_of_others_can_be_read_and_stays_when_the_stack_goes(
    stack_of: StackOf, client: Client
) -> None:
    def program() -> None:
        namespace = kubernetes.core.v1.Namespace.get("others", "kube-system")
        pulumi.export("phase", namespace.status.phase)

    stack = stack_of(program)
    stack.up()
    assert stack.outputs()["phase"].value == "Active"
    stack.destroy()
    assert client.read("v1", "Namespace", "kube-system")


def test_a_function_of_the_provider_is_refused_by_name(stack_of: StackOf) -> None:
    def program() -> None:
        pulumi.runtime.invoke("kubernetes:yaml:decode", {"text": "a: 1"})

    with pytest.raises(EngineFailed, match="no functions: kubernetes:yaml:decode"):
        stack_of(program).up()


def test_a_namespace_with_something_forgotten_in_it_does_not_go(
    stack_of: StackOf, client: Client
) -> None:
    def program() -> None:
        kubernetes.core.v1.Namespace(
            "attic",
            metadata={"name": "attic"},
            opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete="3s")),
        )

    stack = stack_of(program)
    stack.up()
    forgotten = {"name": "forgotten", "namespace": "attic"}
    client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": forgotten})
    with pytest.raises(EngineFailed, match="remaining: ConfigMap/forgotten"):
        stack.destroy()


def _config_map(name: str) -> None:
    kubernetes.core.v1.ConfigMap(name, metadata={"name": name, "namespace": "default"})


def _teapot(
    spec: dict[str, int], namespace: pulumi.Input[str], definition: pulumi.Resource
) -> None:
    kubernetes.apiextensions.CustomResource(
        "teapot",
        api_version="example.com/v1",
        kind="Teapot",
        metadata={"namespace": namespace, "name": "teapot"},
        spec=spec,
        opts=pulumi.ResourceOptions(depends_on=[definition]),
    )


def _secrets_in_all_places(chart: Path) -> None:
    """A program that hands a secret to a Secret, to what is none, and to a chart."""
    password = pulumi.Config("small").require_secret("password")
    kubernetes.core.v1.Secret(
        "typed",
        metadata={"namespace": "default", "name": "typed"},
        string_data={"password": password},
    )
    # The SDK knows what is secret of a Secret only where it knows the type.
    pulumi.CustomResource(
        "kubernetes:core/v1:Secret",
        "untyped",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"namespace": "default", "name": "untyped"},
            "stringData": {"password": password},
        },
    )
    kubernetes.core.v1.ConfigMap(
        "note", metadata={"namespace": "default", "name": "note"}, data={"password": password}
    )
    kubernetes.helm.v3.Release(
        "small",
        name="small",
        chart=str(chart),
        namespace="default",
        values={"password": password},
    )


def _note_event(client: Client, namespace: str) -> None:
    """What the API server's own controllers do now and then."""
    about = {"apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "name": "any"}
    metadata = {"name": "any.1", "namespace": namespace}
    client.apply(
        {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about}
    )
