"""The whole program, under an engine that records what it registers."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]

from stacks.architectures import ARCHITECTURES
from stacks.charts import CHARTS, Profile
from stacks.config import DEFAULTS, KEYS, PASSWORD, PROJECT
from tests.stacks.engine import KUBECONFIG, ROOT, SECRET, Previous, Run, run_program
from tests.stacks.stack import HTTP, SERVERS, STACKS, STDIO, TOOLHIVE, plan_of

RELEASE = "kubernetes:helm.sh/v3:Release"
SECRET_KIND = "kubernetes:core/v1:Secret"
SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"
"""How Pulumi's wire format marks a secret value."""


def run(
    architecture: str = "otel-scrape",
    profile: str = "current",
    secret_keys: tuple[str, ...] = (),
    **more: object,
) -> Run:
    """One run of the program, remembered: it is only read."""
    given = {"servers": SERVERS, **more}
    config = json.dumps({"architecture": architecture, "profile": profile, **given})
    return _run(config, secret_keys)


@cache
def _run(config: str, secret_keys: tuple[str, ...]) -> Run:
    return run_program(json.loads(config), secret_keys)


def text_outside(value: Any) -> str:
    """Everything of a registration but what is marked as secret."""
    if isinstance(value, dict):
        if SECRET_MARK in value.values():
            return ""
        return " ".join(f"{key} {text_outside(each)}" for key, each in value.items())
    if isinstance(value, list):
        return " ".join(text_outside(each) for each in value)
    return str(value)


def as_dict(struct: Any) -> dict[str, Any]:
    return dict(MessageToDict(struct))


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


@pytest.mark.parametrize(("architecture", "profile"), STACKS)
def test_each_release_gets_its_name_namespace_pin_and_values(
    architecture: str, profile: str
) -> None:
    done = run(architecture, profile)
    for each in plan_of(architecture, profile).releases:
        state = done.states[RELEASE, each.name]
        assert (state["name"], state["namespace"]) == (each.name, each.namespace)
        assert state["version"] == each.chart.version
        assert state["values"] == each.values
        assert state["timeout"] == 900


def test_classic_charts_name_their_repository_and_oci_charts_are_their_own_address() -> None:
    done = run()
    prometheus = done.states[RELEASE, "kube-prometheus-stack"]
    assert prometheus["chart"] == "kube-prometheus-stack"
    assert prometheus["repositoryOpts"]["repo"].startswith("https://prometheus-community.")
    operator = done.states[RELEASE, "toolhive-operator"]
    assert operator["chart"] == "oci://ghcr.io/stacklok/toolhive/toolhive-operator"
    assert "repositoryOpts" not in operator


def test_the_password_is_secret_wherever_it_is_and_nowhere_else() -> None:
    done = run()
    for request in done.requests.values():
        assert SECRET not in text_outside(as_dict(request.object))
    secret = as_dict(done.requests[SECRET_KIND, "secret-grafana-admin"].object)
    assert SECRET in json.dumps(secret["stringData"])
    assert SECRET not in json.dumps(done.outputs)


@pytest.mark.parametrize("profile", list(Profile))
def test_values_of_servers_that_are_secret_in_the_configuration_stay_secret(profile: str) -> None:
    word = {"fetch": "args", "search": "args", "echo": "command"}
    servers: list[dict[str, Any]] = [
        {**each, "env": {"API_KEY": SECRET}, word[str(each["name"])]: ["run", SECRET]}
        for each in (TOOLHIVE, HTTP, STDIO)
    ]
    done = run("hybrid", profile, ("servers",), servers=servers)
    for request in done.requests.values():
        assert SECRET not in text_outside(as_dict(request.object))
    for server in ("fetch", "search", "echo"):
        secret = as_dict(done.requests[SECRET_KIND, f"secret-{server}-env"].object)
        assert json.dumps(secret["stringData"]).count(SECRET) == 2
    assert SECRET not in json.dumps(done.outputs)


@pytest.mark.parametrize("profile", list(Profile))
def test_a_server_takes_its_secret_variables_from_a_secret_and_restarts_when_they_change(
    profile: str,
) -> None:
    def pods(value: str) -> dict[str, Any]:
        servers = [{**each, "env": {"API_KEY": value}} for each in (TOOLHIVE, HTTP, STDIO)]
        done = run(profile=profile, secret_keys=("servers",), servers=servers)
        deployed = {
            name: done.states["kubernetes:apps/v1:Deployment", f"deployment-{name}"]["spec"]
            for name in ("search", "echo")
        }
        [fetch] = [state for key, state in done.states.items() if key[1] == "mcpserver-fetch"]
        return {**deployed, "fetch": fetch["spec"]}

    before, after = pods("first-value"), pods("second-value")
    for name, template in (
        ("search", "template"),
        ("echo", "template"),
        ("fetch", "podTemplateSpec"),
    ):
        one, other = before[name][template]["metadata"], after[name][template]["metadata"]
        assert one["annotations"] != other["annotations"]
    server = before["search"]["template"]["spec"]["containers"][1]
    names = ["API_KEY", "ARGUMENT_0"]
    assert server["env"][1:] == [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": "search-env", "key": name}}}
        for name in names
    ]
    assert server["args"] == ["$(ARGUMENT_0)"]
    assert before["fetch"]["secrets"] == [
        {"name": "fetch-env", "key": name, "targetEnvName": name} for name in names
    ]
    assert before["fetch"]["args"] == ["$(ARGUMENT_0)"]
    assert "env" not in before["fetch"]


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


def test_the_release_of_crds_takes_over_what_others_have_left() -> None:
    states = run().states
    owned = {name: state.get("takeOwnership") for (kind, name), state in states.items()}
    assert [name for name, each in owned.items() if each] == ["toolhive-operator-crds"]


def test_the_provider_applies_on_the_server_and_updates_config_maps_in_place() -> None:
    state = run().states["pulumi:providers:kubernetes", "mcp-observability"]
    assert state["enableServerSideApply"] == "true"
    assert state["enableConfigMapMutable"] == "true"


PROVIDER = "pulumi:providers:kubernetes"
READ = "pulumi:pulumi:readStackOutputs"


def test_the_provider_gets_the_cluster_of_the_configuration_and_all_its_settings() -> None:
    given = {"kubernetes:context": "other", "kubernetes:deleteUnreachable": "true"}
    done = run_program(given, ["kubernetes:kubeconfig"])
    state = done.states[PROVIDER, "mcp-observability"]
    assert state["context"] == "other"
    assert state["deleteUnreachable"] == "true"
    request = as_dict(done.requests[PROVIDER, "mcp-observability"].object)
    assert SECRET_MARK in request["kubeconfig"].values()
    assert done.outputs["context"] == "other"


def test_without_a_configured_kubeconfig_the_provider_reads_the_files_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider takes its own property for one file; the variable may name several."""
    (tmp_path / "config").write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/missing:{tmp_path}/config")
    done = run_program({"kubernetes:kubeconfig": None})
    state = done.states[PROVIDER, "mcp-observability"]
    assert state["context"] == "kind-mcp"
    assert "kubeconfig" not in state


def test_a_stack_does_not_move_to_another_context_unless_it_is_allowed() -> None:
    deployed = Previous({"context": "kind-mcp"})
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"kubernetes:context": "other"}, previous=deployed)
    assert str(caught.value) == (
        "kubernetes:context: 'other' is not allowed; the stack was deployed to 'kind-mcp';"
        " to move it: pulumi config set allowContext other"
    )
    with pytest.raises(pulumi.RunError):
        run_program({"kubernetes:context": "other", "allowContext": "third"}, previous=deployed)
    moved = {"kubernetes:context": "other", "allowContext": "other"}
    assert run_program(moved, previous=deployed).outputs["context"] == "other"
    assert run_program({}, previous=deployed).outputs["context"] == "kind-mcp"


def test_the_context_is_read_anew_where_the_engine_saves_the_state_meanwhile() -> None:
    unreadable = f"invocation of {READ} returned an error: failed to load checkpoint: EOF"
    saving = Previous({"context": "kind-mcp"}, errors=[unreadable] * 2)
    with pytest.raises(pulumi.RunError, match="the stack was deployed to 'kind-mcp'"):
        run_program({"kubernetes:context": "other"}, previous=saving)
    assert run_program({}, previous=saving).outputs["context"] == "kind-mcp"
    broken = Previous(errors=[unreadable] * 1000)
    with pytest.raises(pulumi.RunError, match="the stack's state cannot be read: .*EOF$"):
        run_program({}, previous=broken)
    with pytest.raises(Exception, match="no such stack"):
        run_program({}, previous=Previous(errors=["no such stack"]))


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


def test_a_folder_of_charts_is_used_by_archive_or_folder_without_a_repository(
    tmp_path: Path,
) -> None:
    for chart in CHARTS[Profile.CURRENT].values():
        (tmp_path / chart.name).mkdir()
    (tmp_path / "jaeger-4.11.1.tgz").touch()
    done = run(chartSource=str(tmp_path))
    assert done.states[RELEASE, "jaeger"]["chart"] == f"{tmp_path}/jaeger-4.11.1.tgz"
    collector = done.states[RELEASE, "otel-collector"]
    assert collector["chart"] == f"{tmp_path}/opentelemetry-collector"
    assert not {"version", "repositoryOpts"} & collector.keys()


def test_a_chart_that_the_folder_lacks_is_named_before_anything_is_registered(
    tmp_path: Path,
) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run(chartSource=str(tmp_path))
    wanted = "the folder must hold kube-prometheus-stack-88.5.3.tgz or a folder"
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_of_charts_that_does_not_exist_is_refused() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run(chartSource="nowhere")
    assert str(caught.value) == (
        "mcp-observability:chartSource: 'nowhere' is not allowed;"
        " allowed: repositories, or a folder that exists"
    )


def test_a_configuration_mistake_ends_the_program_with_one_line() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"architecture": "otel-scrap"})
    assert str(caught.value) == (
        "mcp-observability:architecture: 'otel-scrap' is not allowed;"
        " allowed: otel-scrape, otel-remote-write, direct-scrape, hybrid"
    )


def test_a_key_of_the_project_that_nobody_reads_is_refused_and_foreign_keys_are_not() -> None:
    with pytest.raises(pulumi.RunError, match="architectur: unknown key; did you mean architec"):
        run_program({"architectur": "hybrid"})


def test_text_that_is_not_json_is_shown_as_it_was_given() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        run_program({"servers": "fetch"})
    assert str(caught.value) == (
        "mcp-observability:servers: 'fetch' is not allowed; it must be a list of servers"
    )


def test_the_project_file_declares_every_key_with_the_programs_defaults() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    declared = {key.removeprefix(f"{PROJECT}:"): each for key, each in project["config"].items()}
    assert tuple(declared) == KEYS
    assert {key: each["default"] for key, each in declared.items() if "default" in each} == DEFAULTS
    assert all(each["description"] for each in declared.values())
    assert declared[PASSWORD]["secret"] is True


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_each_stack_file_is_a_configuration_that_works(architecture: str) -> None:
    path = ROOT / "stacks" / f"Pulumi.{architecture}.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    given = {key.removeprefix(f"{PROJECT}:"): value for key, value in config.items()}
    assert run_program(given).outputs["architecture"] == architecture


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
