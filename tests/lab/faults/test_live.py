"""The faults that can be switched on: their levels, servers and names."""

from dataclasses import replace

import pytest

from lab.arguments import UsageError
from lab.faults import live
from lab.faults.catalogue import CLUSTER_FAULTS, FAULTS, LIVE_FAULTS
from lab.faults.fault import PARTS, Fault, Target
from lab.local.running_demo import DemoServer
from proxy.faults import names
from proxy.faults.effects import ANSWER_FAULTS
from proxy.faults.injections import MYSTERY, Injection

HTTP = DemoServer("web", "http://a/mcp", "http://a/metrics", "streamable-http")
STDIO = DemoServer("pipe", "http://b/mcp", "http://b/metrics", "stdio")


@pytest.mark.parametrize("fault", [*FAULTS.values(), *CLUSTER_FAULTS.values()], ids=str)
def test_the_default_of_a_level_is_one_of_its_kind(fault: Fault) -> None:
    assert bool(fault.level) == bool(fault.default)
    assert fault.level or not fault.start_level
    if fault.level:
        for level in (fault.default, fault.start_level or fault.default):
            fault.level.parse(level)
        for example in fault.level.example.split(" or "):
            assert fault.checked(example) == example


def test_a_cluster_has_the_same_faults_and_slows_a_part_by_its_cpu_limit() -> None:
    assert list(CLUSTER_FAULTS) == list(LIVE_FAULTS)
    differ = [name for name, each in CLUSTER_FAULTS.items() if each != LIVE_FAULTS[name]]
    assert differ == [f"{part}-slow" for part in PARTS]
    for name in differ:
        assert CLUSTER_FAULTS[name].checked("50m") == "50m"
        with pytest.raises(UsageError, match="CPU limit from 10m to 1000m"):
            CLUSTER_FAULTS[name].checked("2s")


def test_each_fault_is_either_of_the_servers_answers_or_of_a_process() -> None:
    of_processes = {name for name, each in LIVE_FAULTS.items() if each.part or name == names.CRASH}
    assert of_processes.isdisjoint(ANSWER_FAULTS)
    assert of_processes | set(ANSWER_FAULTS) == set(LIVE_FAULTS)
    assert MYSTERY not in LIVE_FAULTS


@pytest.mark.parametrize("fault", LIVE_FAULTS.values(), ids=str)
def test_a_demo_without_servers_has_faults_of_the_pipeline_only(fault: Fault) -> None:
    if fault.target is Target.PIPELINE:
        assert live.affected_server(fault, (), None) == ""
        return
    with pytest.raises(UsageError, match="servers: none here can have it$"):
        live.affected_server(fault, (), None)


def test_a_seed_is_the_same_fault_each_time_and_every_fault_has_one() -> None:
    def chosen() -> dict[int, tuple[Fault, str]]:
        every = LIVE_FAULTS.values()
        return {seed: live.mystery(seed, (HTTP, STDIO), every) for seed in range(300)}

    found = chosen()
    assert chosen() == found
    assert {fault.name for fault, _ in found.values()} == set(LIVE_FAULTS)
    for fault, server in found.values():
        assert server in [each.name for each in (HTTP, STDIO) if fault.affects(each)] or [""]


def test_a_seed_chooses_none_of_the_users_servers_beside_the_demos_own() -> None:
    mine = replace(HTTP, name="mine", injects=True)
    beside, alone = (
        {live.mystery(seed, servers, LIVE_FAULTS.values())[1] for seed in range(300)}
        for servers in ((mine, HTTP, STDIO), (mine,))
    )
    assert beside == {"web", "pipe", ""}
    assert alone == {"mine", ""}


def test_two_faults_of_the_same_part_of_the_pipeline_conflict() -> None:
    def injected(name: str, server: str = "") -> Injection:
        return Injection(name, "", server, 1.0)

    stopped = injected("collector-stopped")
    assert live.conflicts(injected("collector-slow"), stopped)
    assert not live.conflicts(stopped, stopped)
    assert not live.conflicts(injected("jaeger-slow"), stopped)
    assert not live.conflicts(injected("hang", "web"), injected("latency", "web"))
