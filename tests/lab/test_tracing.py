"""Tracing is on only where there is an endpoint."""

import subprocess
import sys

from lab.tracing import UNTRACED, tracing


def test_without_an_endpoint_nothing_is_traced_and_no_sdk_imported() -> None:
    assert tracing("agent", {"OTEL_SERVICE_NAME": "agent"}) is UNTRACED
    code = (
        "import sys, lab.echo.__main__, lab.local.pipeline; from lab.tracing import tracing;"
        "tracing('agent', {}); sys.exit('opentelemetry' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
