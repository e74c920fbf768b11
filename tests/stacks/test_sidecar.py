"""The sidecar example: current, confined, with settings that the proxy accepts."""

from pathlib import Path

from proxy.app import server_settings, settings
from stacks import sidecar
from tests.stacks.stack import container, plan_of

KEPT = Path(__file__).parents[2] / "proxy" / "sidecar.yaml"


def test_the_file_is_what_the_stack_would_deploy_today() -> None:
    assert KEPT.read_text(encoding="utf-8") == sidecar.rendered(), (
        "run: python -m stacks.sidecar > proxy/sidecar.yaml"
    )


def test_its_proxy_differs_from_a_stacks_in_nothing_but_where_telemetry_goes() -> None:
    _, deployment, _ = sidecar.manifests()
    proxy, server = deployment["spec"]["template"]["spec"]["containers"]
    theirs = container(plan_of("direct-scrape"), "search")
    assert {**proxy, "env": ()} == {**theirs, "env": ()}
    assert server["ports"] == [{"name": "upstream", "containerPort": sidecar.SERVER.port}]


def test_the_proxy_accepts_its_settings_and_pushes_nothing() -> None:
    _, deployment, _ = sidecar.manifests()
    proxy, _ = deployment["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in proxy["env"] if "value" in each}
    parsed = settings.parse(proxy.get("args", []), environment)
    assert isinstance(parsed.server, server_settings.HttpServer)
    assert parsed.server.url.geturl() == "http://127.0.0.1:9000/mcp"
    assert (parsed.telemetry.traces, parsed.telemetry.metrics) == (None, None)


def test_no_container_may_write_its_root_or_be_root() -> None:
    _, deployment, _ = sidecar.manifests()
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for each in pod["containers"]:
        assert each["securityContext"]["readOnlyRootFilesystem"] is True
        assert each["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"livenessProbe", "readinessProbe"} <= set(pod["containers"][0])
