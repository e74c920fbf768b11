"""Cluster addresses become local ones, everywhere in a setting, or the setting is refused."""

import pytest

from lab.local.addresses import NoLocalAddress, choose, localized
from stacks.charts import Profile

TABLE = {"${env:MY_POD_IP}:4317": "127.0.0.1:1111", "a.monitoring.svc:9090": "127.0.0.1:2222"}


def test_an_address_inside_a_text_is_replaced() -> None:
    setting = {"write": {"endpoint": "http://a.monitoring.svc:9090/api/v1/write"}}
    assert localized(setting, TABLE) == {
        "write": {"endpoint": "http://127.0.0.1:2222/api/v1/write"}
    }


def test_a_host_and_a_port_beside_each_other_are_replaced_together() -> None:
    setting = [{"host": "${env:MY_POD_IP}", "port": 4317, "other": 1}]
    assert localized(setting, TABLE) == [{"host": "127.0.0.1", "port": 1111, "other": 1}]


@pytest.mark.parametrize("text", ["http://b.monitoring.svc:80", "${env:K8S_NODE_IP}:10250"])
def test_an_address_that_has_no_local_one_is_refused(text: str) -> None:
    with pytest.raises(NoLocalAddress, match="no local address"):
        localized({"endpoint": text}, TABLE)


def test_every_listener_gets_its_own_port_on_loopback() -> None:
    addresses = choose(("one", "two"))
    local = [*addresses.table(Profile.CURRENT).values(), *addresses.proxies["one"]]
    assert all(address.startswith("127.0.0.1:") for address in local)
    others = (*addresses.proxies["two"], *addresses.echoes.values(), addresses.jaeger_query)
    assert len({*local, *others}) == 14


def test_a_port_asked_for_by_number_is_used() -> None:
    addresses = choose(("one",), prometheus_port=9090, jaeger_port=16686)
    assert addresses.prometheus == "127.0.0.1:9090"
    assert addresses.jaeger_query == "127.0.0.1:16686"
