"""One connection to a Kubernetes API server."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from tests.e2e.kubeapi.discovery import ResourceType, group_path, resource_types
from tests.waiting import NeverHappened, until

REQUEST_SECONDS = 30.0
# A custom kind is served some 100 ms after its definition is accepted; a busy machine takes longer.
ESTABLISH_SECONDS = 30.0
# 429 "storage is (re)initializing" with Retry-After is what a kind answers that is new.
_RETRY = Retry(total=10, status_forcelist=[429], allowed_methods=None, raise_on_status=False)

Manifest = Mapping[str, Any]


class ApiError(Exception):
    """The API server refused; the text is its own."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason


class UnknownKind(Exception):
    """The API server serves no such kind."""


@dataclass(frozen=True)
class Access:
    """Where an API server is and how to prove who asks."""

    server: str
    certificate_authority: str
    token: str

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Access:
        """The current context of a kubeconfig that names a CA file and a token."""
        document = yaml.safe_load(path.read_text())
        named = {
            group: {entry["name"]: entry[group.rstrip("s")] for entry in document[group]}
            for group in ("clusters", "users", "contexts")
        }
        context = named["contexts"][document["current-context"]]
        cluster = named["clusters"][context["cluster"]]
        return cls(
            server=cluster["server"],
            certificate_authority=cluster["certificate-authority"],
            token=named["users"][context["user"]]["token"],
        )


class Client:
    """Objects of any kind, by API version and kind; safe to share between threads."""

    def __init__(self, access: Access, *, field_manager: str) -> None:
        self._access = access
        self._field_manager = field_manager
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._types: dict[tuple[str, str], ResourceType] = {}

    def __repr__(self) -> str:
        return f"<Client of {self._access.server}>"

    def close(self) -> None:
        """End the connections of all threads."""
        for session in self._sessions:
            session.close()

    def apply(self, manifest: Manifest) -> dict[str, Any]:
        """Server-side apply; a field that the kind does not have is an error, not a warning."""

        def attempt() -> dict[str, Any] | None:
            try:
                return self._apply(manifest)
            except (UnknownKind, ApiError) as refusal:
                if _not_served_yet(refusal):
                    return None
                raise

        try:
            return until(attempt, seconds=ESTABLISH_SECONDS)
        except NeverHappened:
            raise UnknownKind(
                f"{manifest['apiVersion']} {manifest['kind']}: the API server serves no such kind "
                f"(waited {ESTABLISH_SECONDS:g} s for its definition)"
            ) from None

    def read(
        self, api_version: str, kind: str, name: str, *, namespace: str | None = None
    ) -> dict[str, Any] | None:
        """The object, or None if it or its kind is not there."""
        try:
            path = self._path(api_version, kind, name, namespace=namespace)
            return self.request("GET", path)
        except UnknownKind:
            return None
        except ApiError as refusal:
            if refusal.status == requests.codes.not_found:
                return None
            raise

    def delete(
        self,
        api_version: str,
        kind: str,
        name: str,
        *,
        namespace: str | None = None,
        propagation: str = "Background",
    ) -> None:
        """Ask for deletion; an object that is not there is deleted already."""
        try:
            path = self._path(api_version, kind, name, namespace=namespace)
            self.request("DELETE", path, query={"propagationPolicy": propagation})
        except UnknownKind:
            return
        except ApiError as refusal:
            if refusal.status != requests.codes.not_found:
                raise

    def list_all(self, resource_type: ResourceType, *, namespace: str | None = None) -> list[Any]:
        """All objects of a kind, in one namespace or in all; none if the kind has just gone."""
        try:
            answer = self.request("GET", resource_type.path(namespace=namespace))
        except ApiError as refusal:
            if refusal.status == requests.codes.not_found:
                return []
            raise
        return list(answer["items"])

    def resource_type(self, api_version: str, kind: str) -> ResourceType:
        """Where a kind is served, asked again as long as the API server does not know it."""
        if (api_version, kind) not in self._types:
            for found in self._served(api_version):
                self._types[found.api_version, found.kind] = found
        try:
            return self._types[api_version, kind]
        except KeyError:
            raise UnknownKind(f"{api_version} {kind}") from None

    def listable_types(self) -> list[ResourceType]:
        """All kinds that can be listed, each once, in its group's preferred version."""
        groups = self.request("GET", "/apis")["groups"]
        versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
        return [
            found
            for version in versions
            for found in self._served(version)
            if "list" in found.verbs
        ]

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """One call; ApiError if the API server refuses it."""
        answer = self._session().request(
            method,
            self._access.server + path,
            params=query,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": content_type},
            timeout=REQUEST_SECONDS,
        )
        if not answer.ok:
            raise _refusal(answer)
        return dict(answer.json())

    def _apply(self, manifest: Manifest) -> dict[str, Any]:
        metadata = manifest["metadata"]
        path = self._path(
            manifest["apiVersion"],
            manifest["kind"],
            metadata["name"],
            namespace=metadata.get("namespace"),
        )
        return self.request(
            "PATCH",
            path,
            query={"fieldManager": self._field_manager},
            body=manifest,
            content_type="application/apply-patch+yaml",
        )

    def _path(self, api_version: str, kind: str, name: str, *, namespace: str | None) -> str:
        found = self.resource_type(api_version, kind)
        return found.path(namespace=namespace or "default", name=name)

    def _served(self, api_version: str) -> list[ResourceType]:
        try:
            return list(resource_types(self.request("GET", f"/{group_path(api_version)}")))
        except ApiError as refusal:
            if refusal.status == requests.codes.not_found:
                return []
            raise

    def _session(self) -> requests.Session:
        """A session of this thread: they are not safe to share."""
        if not hasattr(self._local, "session"):
            session = requests.Session()
            session.trust_env = False
            session.verify = self._access.certificate_authority
            session.mount("https://", HTTPAdapter(max_retries=_RETRY))
            session.headers["Authorization"] = f"Bearer {self._access.token}"
            self._local.session = session
            self._sessions.append(session)
        session = self._local.session
        assert isinstance(session, requests.Session)
        return session


def _refusal(answer: requests.Response) -> ApiError:
    """The error in a `Status` document; anything else is quoted as it is."""
    try:
        status = answer.json()
    except requests.exceptions.JSONDecodeError:
        return ApiError(answer.status_code, answer.text.strip())
    return ApiError(
        answer.status_code, status.get("message", answer.text), status.get("reason", "")
    )


def _not_served_yet(refusal: UnknownKind | ApiError) -> bool:
    """Whether the kind is unknown so far, not the object: both are 404 to the API server."""
    return isinstance(refusal, UnknownKind) or (
        refusal.status == requests.codes.not_found
        and "could not find the requested resource" in str(refusal)
    )
