"""One exchange that came out well; tests replace the fields that they are about."""

from proxy.telemetry.catalogue import Fault, Outcome
from proxy.telemetry.tracing import Exchange

EXCHANGE = Exchange(
    method="tools/call",
    target="echo",
    request_id="7",
    session_id="s-1",
    protocol_version="2025-11-25",
    outcome=Outcome.OK,
    fault=Fault.NONE,
    error_type="",
    rpc_code="",
    status_code=200,
    seconds=0.5,
    upstream=(0.1, 0.4),
)
