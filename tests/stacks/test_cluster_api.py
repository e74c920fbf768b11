"""The cluster's API is read with whatever credentials a kubeconfig has."""

import base64
import json
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from stacks.cluster_api import (
    Access,
    Unreachable,
    api_versions,
    default_storage_class,
    ip_family,
    prometheus_labels,
)
from tests import certificates
from tests.http_edge import Handler, serving

MARK = "storageclass.kubernetes.io/is-default-class"


@contextmanager
def api(answer: object, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers everything alike, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            peer = context and self.connection.getpeercert()
            asked.append((self.path, self.headers.get("Authorization"), peer))
            body = json.dumps(answer).encode()
            self.send_response(200 if answer is not None else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def classes(*defaults: str) -> dict[str, Any]:
    return {
        "items": [
            {"metadata": {"name": "slow"}},
            *({"metadata": {"name": each, "annotations": {MARK: "true"}}} for each in defaults),
        ]
    }


def test_the_default_storage_class_is_the_one_that_is_marked() -> None:
    with api(classes("standard")) as (url, asked):
        assert default_storage_class(Access(f"{url}/prefix/")) == "standard"
    assert asked[0][0] == "/prefix/apis/storage.k8s.io/v1/storageclasses"
    with api(classes()) as (url, _):
        assert default_storage_class(Access(url)) is None


def test_tokens_passwords_files_and_plugins_are_credentials(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    status = json.dumps({"status": {"token": "from-plugin"}})
    plugin = {"command": sys.executable, "args": ["-c", f"print({status!r})"], "apiVersion": "v1"}
    users: list[tuple[dict[str, Any], str | None]] = [
        ({}, None),
        ({"token": "plain"}, "Bearer plain"),
        ({"tokenFile": str(tmp_path / "token")}, "Bearer from-file"),
        ({"exec": plugin}, "Bearer from-plugin"),
        ({"username": "u", "password": "p"}, f"Basic {base64.b64encode(b'u:p').decode()}"),
    ]
    for user, header in users:
        with api({}) as (url, asked):
            Access(url, {}, user).get("/version")
        assert [each[1] for each in asked] == [header]


def test_a_certificate_of_the_cluster_and_of_the_user_may_be_in_the_kubeconfig(
    tmp_path: Path,
) -> None:
    certificate, key = certificates.self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED

    def data(path: Path) -> str:
        return base64.b64encode(path.read_bytes()).decode()

    user = {"client-certificate-data": data(certificate), "client-key-data": data(key)}
    with api({}, context) as (url, asked):
        Access(url, {"certificate-authority-data": data(certificate)}, user).get("/version")
        with pytest.raises(Unreachable):
            Access(url, {}, user).get("/version")
    assert asked[0][2]


def test_whatever_fails_is_one_line() -> None:
    with api(None) as (url, _), pytest.raises(Unreachable, match="^/version: HTTP 403$"):
        Access(url).get("/version")
    plugin = {"command": "/no/such/plugin"}
    closed = "https://127.0.0.1:1"
    for access in (Access(closed), Access(closed, {}, {"exec": plugin})):
        with pytest.raises(Unreachable) as caught:
            access.get("/version")
        assert "\n" not in str(caught.value)


def test_the_labels_of_an_existing_prometheus_are_those_of_its_selectors() -> None:
    def prometheus(**spec: object) -> dict[str, Any]:
        return {"spec": {"ruleSelector": {"matchLabels": {"role": "alert"}}, **spec}}

    selected = prometheus(serviceMonitorSelector={"matchLabels": {"release": "kps"}})
    everything = prometheus(serviceMonitorSelector={}, ruleSelector={})
    complex_selector = prometheus(
        serviceMonitorSelector={"matchExpressions": [{"key": "a", "operator": "Exists"}]}
    )
    cases: list[tuple[list[Any], dict[str, str] | None]] = [
        ([selected], {"release": "kps", "role": "alert"}),
        ([everything], {}),
        ([complex_selector], None),
        ([prometheus()], None),
        ([selected, everything], None),
        ([], None),
    ]
    for items, labels in cases:
        with api({"items": items}) as (url, _):
            assert prometheus_labels(Access(url)) == labels


def test_the_versions_of_a_group_are_all_that_the_cluster_serves() -> None:
    versions = [{"groupVersion": f"toolhive/{each}", "version": each} for each in ("v1", "v2")]
    groups = [{"name": "apps", "versions": []}, {"name": "toolhive", "versions": versions}]
    with api({"groups": groups}) as (url, asked):
        assert api_versions(Access(url), "toolhive") == {"v1", "v2"}
        assert api_versions(Access(url), "other") == set()
    assert asked[0][0] == "/apis"


def test_the_ip_family_is_the_first_of_the_clusters_services() -> None:
    for spec, family in (
        ({"ipFamilies": ["IPv6", "IPv4"]}, "ipv6"),
        ({"ipFamilies": ["IPv4"]}, "ipv4"),
        ({}, "ipv4"),
    ):
        with api({"spec": spec}) as (url, _):
            assert ip_family(Access(url)) == family


def test_text_is_read_as_it_is_and_a_refusal_has_its_status() -> None:
    with api(["a"]) as (url, asked):
        assert Access(url, user={"token": "mine"}).text("/metrics") == '["a"]'
    assert asked == [("/metrics", "Bearer mine", None)]
    with api(None) as (url, _), pytest.raises(Unreachable) as refused:
        Access(url).text("/metrics")
    assert refused.value.status == 403


def test_a_right_that_the_user_lacks_is_named_as_the_server_does() -> None:
    words = 'pods "web-1" is forbidden: User "u" cannot patch resource "pods" in API group ""'

    class Forbidding(Handler):
        def do_PATCH(self) -> None:
            self.body()
            self.answer(403, json.dumps({"kind": "Status", "message": words}))

    with serving(Forbidding) as url, pytest.raises(Unreachable) as caught:
        Access(url).patch("/api/v1/namespaces/n/pods/web-1", {"metadata": {}})
    assert str(caught.value) == words
    assert caught.value.status == 403
