"""OTLP over TLS, both protocols: whom the proxy trusts, and that it shows who it is."""

import asyncio
import ssl
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

from proxy.telemetry.otlp.grpc import open_grpc
from proxy.telemetry.otlp.http import OtlpHttpTransport
from proxy.telemetry.otlp.retry import ACCEPTED, ExportResult, ExportTransport
from proxy.telemetry.otlp.settings import Protocol, parse
from proxy.telemetry.vocabulary import Signal
from tests.certificates import self_signed
from tests.proxy.telemetry.otlp.collectors import grpc_collector
from tests.proxy.telemetry.otlp.test_http import OK, collector, says

SECONDS = 30.0
PREFIX = "OTEL_EXPORTER_OTLP_"


class Party:
    """A certificate and its key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.certificate, self.key = self_signed(folder)


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Party:
    return Party(tmp_path_factory.mktemp("tls") / "collector")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Party:
    return Party(tmp_path_factory.mktemp("tls") / "proxy")


async def attempt(endpoint: str, protocol: Protocol, files: dict[str, str]) -> ExportResult:
    environment = {f"{PREFIX}ENDPOINT": endpoint, f"{PREFIX}PROTOCOL": protocol, **files}
    settings = parse(environment).traces
    assert settings is not None
    transport: ExportTransport = (
        OtlpHttpTransport(settings)
        if protocol is Protocol.HTTP
        else await open_grpc(settings, Signal.TRACES)
    )
    try:
        return await transport.attempt(b"", SECONDS)
    finally:
        await transport.close()


def reply(protocol: Protocol, theirs: Party, ours: Party, files: dict[str, str]) -> ExportResult:
    """What an attempt comes to at a collector that asks the proxy for its certificate."""

    async def by_http() -> ExportResult:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ours.certificate)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(theirs.certificate, theirs.key)
        async with collector(says(OK), context) as seen:
            return await attempt(f"https://127.0.0.1:{seen.port}", protocol, files)

    def by_grpc() -> ExportResult:
        pair = (theirs.key.read_bytes(), theirs.certificate.read_bytes())
        trusted = ours.certificate.read_bytes()
        credentials = grpc.ssl_server_credentials([pair], trusted, require_client_auth=True)
        with grpc_collector(tls=credentials) as (endpoint, _):
            return asyncio.run(attempt(endpoint, protocol, files))

    return asyncio.run(by_http()) if protocol is Protocol.HTTP else by_grpc()


def known(theirs: Party) -> dict[str, str]:
    return {f"{PREFIX}CERTIFICATE": str(theirs.certificate)}


def shown(ours: Party, form: str = "") -> dict[str, str]:
    return {
        f"{PREFIX}{form}CLIENT_CERTIFICATE": str(ours.certificate),
        f"{PREFIX}{form}CLIENT_KEY": str(ours.key),
    }


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("form", ["", "TRACES_"])
def test_each_side_knows_the_other(
    protocol: Protocol, form: str, theirs: Party, ours: Party
) -> None:
    assert reply(protocol, theirs, ours, known(theirs) | shown(ours, form)) == ACCEPTED


@pytest.mark.parametrize("protocol", Protocol)
def test_a_collector_that_nobody_vouches_for_gets_nothing(
    protocol: Protocol, theirs: Party, ours: Party
) -> None:
    assert not reply(protocol, theirs, ours, shown(ours)).accepted


@pytest.mark.parametrize("protocol", Protocol)
def test_a_collector_that_does_not_know_the_proxy_refuses_it(
    protocol: Protocol, theirs: Party, ours: Party
) -> None:
    assert not reply(protocol, theirs, ours, known(theirs)).accepted
    assert not reply(protocol, theirs, ours, known(theirs) | shown(theirs)).accepted
