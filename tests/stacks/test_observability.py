"""The whole program, under an engine that records what it registers."""

import json

import pytest

from stacks.charts import Profile
from tests.stacks.engine import (
    PROVIDER,
    RELEASE,
    ROOT,
    SECRET,
    SECRET_KIND,
    as_dict,
    run,
    run_program,
    text_outside,
)
from tests.stacks.stack import STACKS, plan_of


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_the_program_registers_exactly_the_plan(architecture: str, profile: str) -> None:
    done, planned = run(architecture, profile), plan_of(architecture, profile)
    assert done.names(RELEASE) == {each.name for each in planned.releases}
    assert done.names("kubernetes:core/v1:Namespace") == set(planned.namespaces)
    registered = {
        (state["kind"], state["metadata"]["name"]): state
        for (kind, name), state in done.states.items()
        if "-" in name and state.get("kind") not in (None, "Secret", "Namespace")
    }
    plain = [each for each in planned.prerequisites if each["kind"] != "Secret"]
    wanted = {(each["kind"], each["metadata"]["name"]): each for each in (*plain, *planned.objects)}
    assert registered == wanted


@pytest.mark.parametrize("profile", list(Profile))
def test_pod_security_admission_lets_node_exporter_in_where_it_runs(profile: str) -> None:
    def labels(name: str = "values", value: object = {}) -> dict[str, object]:
        states = run("otel-scrape", profile, (), **{name: value}).states
        names = ("monitoring", "toolhive-system", "mcp-servers")
        found = {each: states["kubernetes:core/v1:Namespace", each]["metadata"] for each in names}
        return {name: each["labels"] for name, each in found.items() if "labels" in each}

    assert labels() == {"monitoring": {"pod-security.kubernetes.io/enforce": "privileged"}}
    without = {"kube-prometheus-stack": {"nodeExporter": {"enabled": False}}}
    assert labels("values", without) == {}
    beside = {"prometheus": {"url": "http://p.observability.svc:9090", "labels": {}}}
    assert labels("components", beside) == {}


def test_the_password_is_secret_wherever_it_is_and_nowhere_else() -> None:
    done = run()
    for request in done.requests.values():
        assert SECRET not in text_outside(as_dict(request.object))
    secret = as_dict(done.requests[SECRET_KIND, "secret-grafana-admin"].object)
    assert SECRET in json.dumps(secret["stringData"])
    assert SECRET not in json.dumps(done.outputs)


def test_a_new_password_restarts_grafana_and_changes_nothing_else() -> None:
    before = run(grafanaAdminPassword="long enough 1").states
    after = run(grafanaAdminPassword="long enough 2").states
    changed = {key[1] for key in before if before[key] != after[key]}
    assert changed == {"secret-grafana-admin", "kube-prometheus-stack"}
    values = [each[RELEASE, "kube-prometheus-stack"]["values"] for each in (before, after)]
    annotations = [each["grafana"].pop("podAnnotations") for each in values]
    assert annotations[0] != annotations[1]
    assert values[0] == values[1]


def test_grafana_takes_the_password_from_the_secret_that_precedes_it() -> None:
    done = run()
    admin = done.states[RELEASE, "kube-prometheus-stack"]["values"]["grafana"]["admin"]
    secret = done.states[SECRET_KIND, "secret-grafana-admin"]
    assert admin["existingSecret"] == secret["metadata"]["name"]
    assert set(secret["stringData"]["value"]) == {admin["userKey"], admin["passwordKey"]}
    assert "secret-grafana-admin" in done.needs(RELEASE, "kube-prometheus-stack")


@pytest.mark.parametrize("profile", list(Profile))
def test_servers_go_before_the_operator_and_the_operator_before_its_crds(profile: str) -> None:
    done = run(profile=profile)
    kinds = [key for key in done.requests if key[0].endswith(":MCPServer")]
    assert len(kinds) == 2
    for key in kinds:
        assert {"toolhive-operator", "toolhive-operator-crds"} <= done.needs(*key)
    assert "toolhive-operator-crds" in done.needs(RELEASE, "toolhive-operator")


def test_a_server_waits_for_the_telemetry_configuration_it_names() -> None:
    done = run()
    key = ("kubernetes:toolhive.stacklok.dev/v1beta1:MCPServer", "mcpserver-fetch")
    assert "mcptelemetryconfig-mcp-observability-streamable-http" in done.needs(*key)


def test_monitors_and_rules_wait_for_their_crds_and_everything_for_the_namespaces() -> None:
    done = run("hybrid")
    namespaces = {"monitoring", "toolhive-system", "mcp-servers"}
    for kind, name in done.requests:
        if "monitoring.coreos.com" in kind:
            assert "kube-prometheus-stack" in done.needs(kind, name)
        if kind.startswith("kubernetes:") and name not in namespaces:
            assert namespaces <= done.needs(kind, name), name


def test_small_objects_do_not_hang_a_destroy() -> None:
    done = run("hybrid")
    for (kind, name), request in done.requests.items():
        if kind.startswith("kubernetes:") and kind != RELEASE:
            assert request.customTimeouts.delete in ("2m", "5m"), name


def test_a_server_of_another_profile_is_replaced_and_in_tutorial_one_with_other_telemetry() -> None:
    def options(profile: str, version: str) -> tuple[list[str], bool, list[str]]:
        key = (f"kubernetes:toolhive.stacklok.dev/{version}:MCPServer", "mcpserver-fetch")
        request = run(profile=profile).requests[key]
        aliases = [each.spec.type for each in request.aliases]
        return list(request.replaceOnChanges), request.deleteBeforeReplace, aliases

    older, newer = (
        f"kubernetes:toolhive.stacklok.dev/{each}:MCPServer" for each in ("v1alpha1", "v1beta1")
    )
    assert options("tutorial", "v1alpha1") == (["apiVersion", "spec.telemetry"], True, [newer])
    assert options("current", "v1beta1") == (["apiVersion"], True, [older])


@pytest.mark.parametrize(
    ("profile", "jaeger"), [("current", "svc/jaeger"), ("tutorial", "svc/jaeger-query")]
)
def test_the_outputs_say_what_was_chosen_and_how_to_reach_it(profile: str, jaeger: str) -> None:
    outputs = run("direct-scrape", profile).outputs
    assert outputs["architecture"] == "direct-scrape"
    assert outputs["profile"] == profile
    assert outputs["portForward"] == {
        "grafana": "kubectl --namespace monitoring port-forward"
        " svc/kube-prometheus-stack-grafana 3000:80",
        "prometheus": "kubectl --namespace monitoring port-forward"
        " svc/kube-prometheus-stack-prometheus 9090:9090",
        "jaeger": f"kubectl --namespace monitoring port-forward {jaeger} 16686:16686",
    }
    assert outputs["grafanaPassword"] == (
        "kubectl --namespace monitoring get secret grafana-admin"
        " --output jsonpath='{.data.admin-password}' | base64 --decode"
    )


def test_the_program_is_short() -> None:
    assert len((ROOT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 25


def test_the_example_uses_the_stack_as_a_component_with_a_provider_of_its_own() -> None:
    example = ROOT / "docs" / "examples" / "component.py"
    done = run_program({"context": "kind-mcp"}, program=example)
    assert done.names(PROVIDER) == {"cluster"}
    name = "mcp-deployment-docs"
    deployment = done.requests["kubernetes:apps/v1:Deployment", name]
    assert "::cluster::" in deployment.provider
    assert deployment.parent.endswith("::mcp")
    secret = as_dict(done.requests["kubernetes:core/v1:Secret", "mcp-secret-grafana-admin"].object)
    assert SECRET in str(secret)
    assert SECRET not in text_outside(secret)
    assert done.outputs["grafana"].startswith("http://kube-prometheus-stack-grafana.")
    assert done.outputs["clients"]["docs"]["mcpServers"]["docs"]["type"] == "http"
