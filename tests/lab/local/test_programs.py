"""What the programs of the pipeline are given."""

from lab.local.programs import inherited
from tests.lab.local.test_plan import planned, process


def test_the_proxies_know_their_server_their_pod_and_the_local_collector() -> None:
    local = planned("otel-scrape")
    environment = process(local, "proxy-echo-http").environment
    assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://{local.addresses.otlp_http}"
    assert environment["MCP_PROXY_UPSTREAM"] == f"http://{local.addresses.echoes['echo-http']}/mcp"
    assert "k8s.pod.name=echo-http-0" in environment["OTEL_RESOURCE_ATTRIBUTES"]
    stdio = process(local, "proxy-echo-stdio")
    assert stdio.arguments[-3:] == ("lab.echo", "--transport", "stdio")


def test_the_agent_sends_its_spans_to_the_collector() -> None:
    local = planned("hybrid")
    assert local.agent["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://{local.addresses.otlp_http}"


def test_settings_of_the_user_do_not_reach_the_pipeline() -> None:
    user = {
        "PATH": "/bin",
        "OTEL_SDK_DISABLED": "true",
        "HTTPS_PROXY": "x",
        "MCP_PROXY_LISTEN": "y",
    }
    assert {"PATH": "/bin"}.items() <= inherited(user).items()
    assert not inherited(user).keys() & {"OTEL_SDK_DISABLED", "HTTPS_PROXY", "MCP_PROXY_LISTEN"}
