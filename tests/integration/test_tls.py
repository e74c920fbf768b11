"""An https upstream: trusted by the configured certificates and no others."""

import json
import ssl
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.integration.proxies import running
from tests.integration.sockets import Client, Upstream, call, result

pytestmark = pytest.mark.slow


def test_a_private_authority_is_trusted_only_if_it_is_named(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    upstream = Upstream(tls=context)
    with running("--upstream", upstream.url, "--upstream-ca", str(certificate)) as proxy:
        client = Client(proxy.port)
        client.post(call())
        side = upstream.take()
        side.answer(json.dumps(result()).encode())
        assert client.answer() == (200, result())
        client.close()
    with running("--upstream", upstream.url) as proxy, Client(proxy.port) as client:
        client.post(call())
        with pytest.raises(ssl.SSLError):
            upstream.accept()
        status, answer = client.answer()
        assert (status, answer["id"], answer["error"]["code"]) == (502, 1, -32000)
        assert "certificate" in answer["error"]["message"]
        proxy.counted({("tools/call", "transport_error", "server"): 1})
    upstream.close()
