"""The hops of a call in order, from the client to the rules, each with its check."""

from collections.abc import Callable, Mapping

from lab.doctor.examination import Examination
from lab.doctor.metrics_hops import collected, evaluated, stored
from lab.doctor.proxy_hops import client_to_proxy, counted_by_proxy, proxy_to_server
from lab.doctor.trace_hop import traced

CLIENT_TO_PROXY = "client to proxy"

CHECKS: Mapping[str, Callable[[Examination], str]] = {
    CLIENT_TO_PROXY: client_to_proxy,
    "proxy to server": proxy_to_server,
    "counted by the proxy": counted_by_proxy,
    "at the collector": collected,
    "in Prometheus": stored,
    "in the trace store": traced,
    "rules": evaluated,
}
"""What each hop shows of the call. They raise Lost."""
