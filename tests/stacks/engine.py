"""A recording engine: Pulumi's own mocks, which only write down what the program registers."""

import asyncio
import json
import runpy
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # its stubs are a package of their own
import pulumi
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.stack import Stack, wait_for_rpcs

from stacks.config import PASSWORD, PROJECT
from tests.stacks.stack import SERVERS

ROOT = Path(__file__).parents[2]
RELEASE = "kubernetes:helm.sh/v3:Release"
SECRET_KIND = "kubernetes:core/v1:Secret"
PROVIDER = "pulumi:providers:kubernetes"
SECRET_MARK = "1b47061264138c4ac30d75fd1eb44270"
"""How Pulumi's wire format marks a secret value."""
SECRET = "correct horse battery staple"


KUBECONFIG = {
    "clusters": [{"name": "c", "cluster": {"server": "https://192.0.2.1:6443"}}],
    "contexts": [
        {"name": "kind-mcp", "context": {"cluster": "c", "user": "u"}},
        {"name": "other", "context": {"cluster": "c", "user": "u"}},
    ],
    "current-context": "kind-mcp",
}


class _EngineError(grpc.RpcError):  # type: ignore[misc]
    """An error as the engine answers it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True)
class Previous:
    """What the last deployment left to read: after some errors, or none, the stack's outputs."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    errors: Sequence[str] = ()


class _Inputs(Mocks):
    """Answers every resource with its own inputs; the stack's outputs are all that can be read."""

    def __init__(self, previous: Previous) -> None:
        self._outputs = previous.outputs
        self._errors = iter(previous.errors)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        assert args.token == "pulumi:pulumi:readStackOutputs", args.token
        for error in self._errors:
            raise _EngineError(error)
        return {"outputs": dict(self._outputs)}, []


class RecordingMonitor(MockMonitor):
    """Keeps each registration as the engine gets it, options and all."""

    def __init__(self, previous: Previous) -> None:
        super().__init__(_Inputs(previous))
        self.requests: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:
        self.requests.append(request)
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the program registered (by type and name) and exported."""

    requests: dict[tuple[str, str], Any]
    states: dict[tuple[str, str], dict[str, Any]]
    outputs: dict[str, Any] = field(default_factory=dict)

    def names(self, token: str) -> set[str]:
        """The names of the resources of one type."""
        return {name for kind, name in self.requests if kind == token}

    def needs(self, token: str, name: str) -> set[str]:
        """The names of the resources that one resource waits for."""
        return {_short(urn) for urn in self.requests[token, name].dependencies}


def _short(name: str) -> str:
    """A resource's name, given by name or URN, without the component's name before it."""
    return name.rpartition("::")[2].removeprefix(f"{PROJECT}-")


@contextmanager
def _event_loops() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop for the program and one for the only thread that Pulumi registers from; both end."""

    def own_loop() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())

    def end_loop() -> None:
        asyncio.get_event_loop().close()

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with ThreadPoolExecutor(1, initializer=own_loop) as executor:
        loop.set_default_executor(executor)
        try:
            yield loop
        finally:
            executor.submit(end_loop).result()
            loop.close()
            asyncio.set_event_loop(None)


def _program(
    program: Path, texts: Mapping[str, str], secret_keys: Sequence[str], previous: Previous
) -> Run:
    monitor = RecordingMonitor(previous)
    with _event_loops() as loop:
        set_mocks(monitor.mocks, project=PROJECT, stack="test", preview=False, monitor=monitor)
        set_all_config(dict(texts), [_qualified(key) for key in (PASSWORD, *secret_keys)])
        try:
            runpy.run_path(str(program))
        finally:
            loop.run_until_complete(wait_for_rpcs())
        root = pulumi.runtime.get_root_resource()
        assert isinstance(root, Stack)
        outputs = loop.run_until_complete(pulumi.Output.all(**root.outputs).future())
    requests = {(each.type, _short(each.name)): each for each in monitor.requests}
    states = {}
    for urn, registered in monitor.get_registered_resources().items():
        kind, name = urn.split("::")[2].rpartition("$")[2], _short(urn)
        states[kind, name] = registered.state
    return Run(requests, states, dict(outputs or {}))


def run_program(
    config: Mapping[str, object],
    secret_keys: Sequence[str] = (),
    previous: Previous = Previous(),
    program: Path = ROOT / "__main__.py",
) -> Run:
    """Run a program with a configuration as an engine passes it: every value as text.

    Keys without a namespace are those of the project.
    """
    # No cluster is there to be asked for its storage classes.
    unasked = {"persistence": "off", "kubernetes:kubeconfig": KUBECONFIG}
    given = {PASSWORD: SECRET, **unasked, **config}
    texts = {
        _qualified(name): value if isinstance(value, str) else json.dumps(value)
        for name, value in given.items()
        if value is not None
    }
    return copy_context().run(_program, program, texts, secret_keys, previous)


def _qualified(key: str) -> str:
    return key if ":" in key else f"{PROJECT}:{key}"


def run(
    architecture: str = "otel-scrape",
    profile: str = "current",
    secret_keys: tuple[str, ...] = (),
    **more: object,
) -> Run:
    """One run of the program, remembered: it is only read."""
    given = {"servers": SERVERS, **more}
    config = json.dumps({"architecture": architecture, "profile": profile, **given})
    return _run(config, secret_keys)


@cache
def _run(config: str, secret_keys: tuple[str, ...]) -> Run:
    return run_program(json.loads(config), secret_keys)


def text_outside(value: Any) -> str:
    """Everything of a registration but what is marked as secret."""
    if isinstance(value, dict):
        if SECRET_MARK in value.values():
            return ""
        return " ".join(f"{key} {text_outside(each)}" for key, each in value.items())
    if isinstance(value, list):
        return " ".join(text_outside(each) for each in value)
    return str(value)


def as_dict(struct: Any) -> dict[str, Any]:
    return dict(MessageToDict(struct))
