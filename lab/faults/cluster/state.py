"""The faults that are on in a stack: a ConfigMap, which the stack's proxies mount."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from proxy.faults.injections import NO_FAULTS, Faults
from stacks.cluster_api import Access, Unreachable
from stacks.proxies import FAULTS_CONFIG_MAP, FAULTS_KEY


class FaultsConfigMap:
    """The ConfigMap of one stack; it is made with the first fault. Methods raise Unreachable."""

    def __init__(self, access: Access, namespace: str) -> None:
        self._access = access
        self._kind = f"/api/v1/namespaces/{namespace}/configmaps"

    def read(self) -> Faults:
        """Its content; no faults where there is no ConfigMap, or another."""
        return _content(self._found())

    def change(self, changed: Callable[[Faults], Faults]) -> Faults:
        """Replace the content by what the function makes of it; returns that.

        The function is called again where somebody else changed the content meanwhile.
        """
        while True:
            found = self._found()
            before = _content(found)
            content = changed(before)
            if content == before:
                return content
            try:
                self._write(found, content)
            except Unreachable as error:
                if error.status != HTTPStatus.CONFLICT:
                    raise
            else:
                return content

    def _found(self) -> Mapping[str, Any] | None:
        try:
            return self._access.get(f"{self._kind}/{FAULTS_CONFIG_MAP}")
        except Unreachable as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def _write(self, found: Mapping[str, Any] | None, content: Faults) -> None:
        data = {FAULTS_KEY: msgspec.json.encode(content).decode()}
        if found is None:
            self._access.create(self._kind, {"metadata": {"name": FAULTS_CONFIG_MAP}, "data": data})
        else:
            self._access.replace(f"{self._kind}/{FAULTS_CONFIG_MAP}", {**found, "data": data})


def _content(found: Mapping[str, Any] | None) -> Faults:
    text = ((found or {}).get("data") or {}).get(FAULTS_KEY, "")
    try:
        return msgspec.json.decode(text, type=Faults)
    except msgspec.DecodeError:
        return NO_FAULTS
