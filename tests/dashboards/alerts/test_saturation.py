"""Alerts on histories of what fills up."""

from tests.dashboards.alerts.cases import OF, SERVER, UP, Fires, Quiet, alerts_test, buckets

LAG = "mcp_proxy_event_loop_lag_seconds"
CPU = f'process_cpu_seconds_total{{{OF},pod="a"}}'
EVENT_LOOP = f"mcp_proxy_event_loop_lag_seconds_count{{{OF}}}"
MEMORY = f"process_resident_memory_bytes{{{OF}}}"
CONTAINER = 'namespace="ns",pod="a",container="proxy"'
CADVISOR = f'container_memory_working_set_bytes{{job="kubelet",{CONTAINER}}}'
LIMIT = f'kube_pod_container_resource_limits{{{CONTAINER},resource="memory",unit="byte"}}'
IN_THE_SAME_POD = {
    CADVISOR.replace("proxy", "server"): f"{10 * 2**20}x40",
    LIMIT.replace("proxy", "server"): f"{2**30}x40",
}
POD = f'{UP},pod="a"}}'
OVERFLOW = f'mcp_proxy_label_overflow_total{{{OF},label="tool"}}'
MIB = 2**20

# Ten label sets each, so that a thousand lines of one label make ten thousand series.
MANY = {
    f'toolhive_mcp_tool_calls_total{{{OF},tool="t{tool}",status="{status}"}}': "1x40"
    for tool in range(55)
    for status in ("error", "success")
}

FIRES = (
    Fires(
        "MCPEventLoopLag",
        buckets(LAG, {"0.25": "0x30", "0.5": "0+60x30", "+Inf": "0+60x30"}),
        ("9m", "15m"),
        "497.5ms",
    ),
    Fires("MCPProxyCpuFull", {CPU: "0+57x30", EVENT_LOOP: "0+60x30"}, ("14m", "20m"), "0.95"),
    Fires("MCPProxyMemoryHigh", {MEMORY: f"{600 * MIB}x30"}, ("14m", "20m"), "600Mi"),
    Fires(
        "MCPPodNearMemoryLimit",
        {POD: "1x40", CADVISOR: f"{240 * MIB}x40", LIMIT: f"{256 * MIB}x40", **IN_THE_SAME_POD},
        ("4m", "10m"),
        "93.75%",
        labels={**SERVER, "pod": "a"},
    ),
    Fires("MCPLabelOverflow", {f"{UP}}}": "1x40", OVERFLOW: "0+2x40"}, ("14m", "20m"), "30"),
    Fires(
        "MCPSeriesTooMany",
        MANY,
        ("14m", "20m"),
        "110",
        labels={"family": "toolhive_mcp_tool_calls_total"},
        given={"series_per_family": 100},
    ),
)


QUIET = (
    Quiet(
        "MCPEventLoopLag",
        "a little less than 0.25 s",
        buckets(LAG, {"0.25": "0+991x40", "0.5": "0+1000x40", "+Inf": "0+1000x40"}),
    ),
    Quiet("MCPProxyCpuFull", "0.9 is the bound itself", {CPU: "0+54x40", EVENT_LOOP: "0+60x40"}),
    Quiet("MCPProxyCpuFull", "ToolHive's proxy may use several cores", {CPU: "0+120x40"}),
    Quiet(
        "MCPProxyCpuFull",
        "two replicas share the work",
        {EVENT_LOOP: "0+60x40", CPU: "0+30x40", CPU.replace('"a"', '"b"'): "0+30x40"},
    ),
    Quiet(
        "MCPProxyCpuFull",
        "so they do where series have no pod",
        {
            EVENT_LOOP: "0+60x40",
            **{CPU.replace("pod=", f'instance="{each}",job='): "0+30x40" for each in "ab"},
        },
    ),
    Quiet(
        "MCPProxyMemoryHigh",
        "Prometheus itself may need a gigabyte",
        {'process_resident_memory_bytes{job="prometheus"}': f"{2**30}x40"},
    ),
    Quiet("MCPProxyMemoryHigh", "512 MiB is the bound itself", {MEMORY: f"{512 * MIB}x40"}),
    Quiet(
        "MCPPodNearMemoryLimit",
        "the limit was raised, and with it the bound",
        {POD: "1x40", CADVISOR: f"{240 * MIB}x40", LIMIT: f"{512 * MIB}x40"},
    ),
    Quiet(
        "MCPPodNearMemoryLimit",
        "0.9 is the bound itself",
        {POD: "1x40", CADVISOR: "900x40", LIMIT: "1000x40"},
    ),
    Quiet(
        "MCPPodNearMemoryLimit",
        "the pod is not one of MCP",
        {CADVISOR: f"{240 * MIB}x40", LIMIT: f"{256 * MIB}x40"},
    ),
    Quiet("MCPLabelOverflow", "it was long ago", {f"{UP}}}": "1x40", OVERFLOW: "7x40"}),
    Quiet("MCPLabelOverflow", "every tool has its name", {f"{UP}}}": "1x40"}),
    Quiet(
        "MCPLabelOverflow",
        "anyone may call by many names",
        {f"{UP}}}": "1x40", OVERFLOW.replace("tool", "client"): "0+2x40"},
    ),
    Quiet("MCPSeriesTooMany", "110 is the bound itself", MANY, given={"series_per_family": 110}),
)

test_alerts = alerts_test(FIRES, QUIET)
