"""Requests to the cluster's API, with the credentials of the kubeconfig."""

import base64
import http.client
import json
import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_SECONDS = 10.0
_POD_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


_FAILURES = (OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError)


class Unreachable(Exception):
    """The cluster does not answer, or not with what was asked for; the reason, in one line."""

    def __init__(self, reason: str, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        """Of the HTTP response, if there was one."""


@contextmanager
def _one_line() -> Iterator[None]:
    """Turns what a request can fail with into Unreachable."""
    try:
        yield
    except _FAILURES as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise Unreachable(reason) from None


@dataclass(frozen=True, slots=True)
class Access:
    """The API server of a context, and its user's credentials, as a kubeconfig has them."""

    server: str
    cluster: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of_pod(cls, server: str) -> "Access":
        """The service account of the pod that this runs in."""
        cluster = {"certificate-authority": str(_POD_ACCOUNT / "ca.crt")}
        return cls(server, cluster, {"tokenFile": str(_POD_ACCOUNT / "token")})

    def get(self, path: str) -> dict[str, Any]:
        """A GET of JSON. Raises Unreachable."""
        return self._json("GET", path)

    def create(self, path: str, new: Mapping[str, Any]) -> dict[str, Any]:
        """POST an object to the path of its kind. Raises Unreachable."""
        return self._json("POST", path, new)

    def replace(self, path: str, new: Mapping[str, Any]) -> dict[str, Any]:
        """PUT an object; with its `resourceVersion` only if it is as then. Raises Unreachable."""
        return self._json("PUT", path, new)

    def patch(self, path: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON merge patch of an object. Raises Unreachable."""
        return self._json("PATCH", path, changes, "merge-patch+json")

    def patch_entries(self, path: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """A strategic merge patch: it changes entries of lists, by name. Raises Unreachable."""
        return self._json("PATCH", path, changes, "strategic-merge-patch+json")

    def delete(self, path: str) -> dict[str, Any]:
        """Delete an object. Raises Unreachable."""
        return self._json("DELETE", path)

    def watch(self, path: str, seconds: float) -> Iterator[dict[str, Any]]:
        """Events of a list, for so long: first what there is, then what changes.

        `path` may have a query. Raises Unreachable.
        """
        mark = "&" if "?" in path else "?"
        watched = f"{path}{mark}watch=1&timeoutSeconds={max(1, round(seconds))}"
        with _one_line(), self._answer("GET", watched, seconds=seconds + _SECONDS) as response:
            for line in response:
                yield json.loads(line)

    def text(self, path: str) -> str:
        """A GET of text. Raises Unreachable."""
        with _one_line(), self._answer("GET", path) as response:
            return response.read().decode(errors="replace")

    def credentials(self) -> tuple[ssl.SSLContext, dict[str, str]]:
        """What another client needs: TLS settings, and headers. Raises Unreachable."""
        with _one_line():
            return self._credentials()

    def _credentials(self) -> tuple[ssl.SSLContext, dict[str, str]]:
        user = {**self.user, **self._plugin()}
        with self._context(user) as context:
            return context, self._headers(user)

    def _json(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        kind: str = "json",
    ) -> dict[str, Any]:
        with _one_line(), self._answer(method, path, content, kind) as response:
            found = json.load(response)
            return found if isinstance(found, dict) else {}

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None = None,
        kind: str = "json",
        seconds: float = _SECONDS,
    ) -> Iterator[http.client.HTTPResponse]:
        """The response to a request, if that succeeded."""
        url = urlsplit(self.server)
        context, headers = self._credentials()
        connection = (
            http.client.HTTPSConnection(url.netloc, timeout=seconds, context=context)
            if url.scheme == "https"
            else http.client.HTTPConnection(url.netloc, timeout=seconds)
        )
        body = None
        if content is not None:
            body = json.dumps(content)
            headers = {**headers, "Content-Type": f"application/{kind}"}
        try:
            connection.request(method, url.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            if response.status not in (http.HTTPStatus.OK, http.HTTPStatus.CREATED):
                reason = _refusal(response) or f"{path}: HTTP {response.status}"
                raise Unreachable(reason, response.status)
            yield response
        finally:
            connection.close()

    @contextmanager
    def _context(self, user: Mapping[str, Any]) -> Iterator[ssl.SSLContext]:
        """TLS settings; certificates that the kubeconfig contains are files for a moment."""
        with tempfile.TemporaryDirectory() as folder:
            authority = self._file(self.cluster, "certificate-authority", folder)
            # The system's authorities count without one only; reading them takes 65 ms.
            known = authority or not self.server.startswith("https:")
            context = (
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if known else ssl.create_default_context()
            )
            if authority:
                context.load_verify_locations(authority)
            if certificate := self._file(user, "client-certificate", folder):
                context.load_cert_chain(certificate, self._file(user, "client-key", folder))
            if self.cluster.get("insecure-skip-tls-verify"):
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            yield context

    def _file(self, holder: Mapping[str, Any], name: str, folder: str) -> str | None:
        if content := holder.get(f"{name}-data"):
            path = Path(folder, name)
            path.touch(mode=0o600)
            path.write_bytes(base64.b64decode(content))
            return str(path)
        return holder.get(name)

    def _headers(self, user: Mapping[str, Any]) -> dict[str, str]:
        token = user.get("token")
        if path := user.get("tokenFile"):
            token = Path(path).read_text(encoding="utf-8").strip()
        if token:
            return {"Authorization": f"Bearer {token}"}
        if "username" in user:
            pair = f"{user['username']}:{user.get('password', '')}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}

    def _plugin(self) -> dict[str, Any]:
        """The credentials that a plugin prints (client.authentication.k8s.io, ExecCredential)."""
        plugin = self.user.get("exec")
        if not plugin:
            return {}
        version = str(plugin.get("apiVersion"))
        info = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
        added = {each["name"]: each["value"] for each in plugin.get("env") or []}
        done = subprocess.run(
            [plugin["command"], *map(str, plugin.get("args") or [])],
            env={**os.environ, **added, "KUBERNETES_EXEC_INFO": json.dumps(info)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3 * _SECONDS,
            check=True,
        )
        status = json.loads(done.stdout).get("status", {})
        encoded = {
            kind: base64.b64encode(status[given].encode()).decode()
            for kind, given in (
                ("client-certificate-data", "clientCertificateData"),
                ("client-key-data", "clientKeyData"),
            )
            if given in status
        }
        return {**encoded, **({"token": status["token"]} if "token" in status else {})}


def _refusal(response: http.client.HTTPResponse) -> str:
    """What the user may not do, or what is invalid, in the API server's words; else ""."""
    if response.status not in (http.HTTPStatus.FORBIDDEN, http.HTTPStatus.UNPROCESSABLE_ENTITY):
        return ""
    try:
        return str(json.load(response)["message"]).partition("\n")[0]
    except (ValueError, KeyError, TypeError):
        return ""


def default_storage_class(access: Access) -> str | None:
    """The name of the default storage class, if there is one. Raises Unreachable."""
    mark = "storageclass.kubernetes.io/is-default-class"
    for each in access.get("/apis/storage.k8s.io/v1/storageclasses").get("items", []):
        metadata = each["metadata"]
        if metadata.get("annotations", {}).get(mark) == "true":
            return str(metadata["name"])
    return None


def prometheus_labels(access: Access) -> dict[str, str] | None:
    """The labels by which the only Prometheus of an operator selects monitors and rules.

    None if there is no Prometheus, more than one, or a selector that labels alone do not satisfy.
    Raises Unreachable.
    """
    found = access.get("/apis/monitoring.coreos.com/v1/prometheuses").get("items", [])
    if len(found) != 1:
        return None
    labels: dict[str, str] = {}
    for name in ("serviceMonitorSelector", "ruleSelector"):
        selector = found[0]["spec"].get(name)
        if selector is None or selector.get("matchExpressions"):
            return None
        labels |= selector.get("matchLabels", {})
    return labels


def api_versions(access: Access, group: str) -> set[str]:
    """The versions in which the cluster serves an API group. Raises Unreachable."""
    for each in access.get("/apis").get("groups", []):
        if each["name"] == group:
            return {str(version["version"]) for version in each["versions"]}
    return set()


def ip_family(access: Access) -> str:
    """`ipv4` or `ipv6`: the first family of the cluster's Services. Raises Unreachable."""
    spec = access.get("/api/v1/namespaces/default/services/kubernetes").get("spec", {})
    families = spec.get("ipFamilies") or ["IPv4"]
    return str(families[0]).lower()
