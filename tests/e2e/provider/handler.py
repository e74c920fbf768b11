"""What every kind of resource can do: the part of the protocol that is about one resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tests.e2e.provider.difference import Difference
from tests.e2e.provider.properties import Properties


class Refused(Exception):
    """The resource cannot be what the program asks for, or the cluster said no; one clear text."""


class Unready(Refused):
    """The resource is there but failed; the engine keeps it in the state and tries an update."""

    def __init__(self, reason: str, identity: str, outputs: Properties) -> None:
        super().__init__(reason)
        self.identity = identity
        self.outputs = outputs


@dataclass(frozen=True)
class Resource:
    """A resource as a request names it."""

    type_token: str
    name: str
    inputs: Properties
    identity: str = ""
    timeout_seconds: float = 0.0


@dataclass(frozen=True)
class Existing:
    """A resource that is there: its id and its outputs."""

    identity: str
    outputs: Properties


class Handler(Protocol):
    """One kind of resource."""

    def check(self, resource: Resource, old_inputs: Properties, seed: bytes) -> Properties:
        """The inputs, complete; Refused if they cannot be right."""

    def diff(self, resource: Resource, old_inputs: Properties) -> Difference:
        """What the new inputs change."""

    def preview(self, resource: Resource) -> Existing:
        """What `create` or `update` would return, as far as it is known."""

    def create(self, resource: Resource) -> Existing:
        """Make it; Refused if it exists already."""

    def update(self, resource: Resource) -> Existing:
        """Make it what the inputs say."""

    def read(self, resource: Resource) -> Existing | None:
        """What is there, None if nothing is."""

    def delete(self, resource: Resource) -> None:
        """Delete it and wait until it is gone; what is not there is gone."""
