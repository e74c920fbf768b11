"""The stand-in for a part of the pipeline refuses whatever comes, by HTTP and by gRPC."""

import subprocess
import sys
from collections.abc import Iterator

import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
import requests

from lab.faults.refuse import main
from lab.local.ports import LOOPBACK, free_ports
from tests.waiting import until

HTTP, GRPC = (f"{LOOPBACK}:{port}" for port in free_ports(2))


@pytest.fixture(scope="module")
def refusing() -> Iterator[None]:
    command = (sys.executable, "-m", "lab.faults.refuse", "--http", HTTP, "--grpc", GRPC)
    process = subprocess.Popen(command)
    until(listens, seconds=30, what="it listens")
    yield
    process.terminate()
    assert process.wait(timeout=30) == 0


def listens() -> bool:
    try:
        return requests.get(f"http://{HTTP}/", timeout=30).status_code == 503
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD", "ODD"])
def test_any_http_request_gets_503(refusing: None, method: str) -> None:
    response = requests.request(method, f"http://{HTTP}/api/v1/write", data=b"x", timeout=30)
    assert response.status_code == 503


def test_any_grpc_call_is_unavailable(refusing: None) -> None:
    with grpc.insecure_channel(GRPC) as channel:
        call = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as raised:
            call(b"", timeout=30)
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_mistake_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("--http", "nowhere")) == 2
    assert capsys.readouterr().err.count("\n") == 1
