"""The protocol: requests of the engine -> the handler of the resource's type -> answers."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.protobuf import any_pb2, empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.e2e.kubeapi.client import Client
from tests.e2e.provider.configuration import Configuration
from tests.e2e.provider.difference import Difference, spelled
from tests.e2e.provider.handler import Handler, Refused, Resource, Unready
from tests.e2e.provider.helm import Helm
from tests.e2e.provider.objects import Objects
from tests.e2e.provider.properties import decode, encode, reveal
from tests.e2e.provider.releases import TYPE_TOKEN as RELEASE
from tests.e2e.provider.releases import Releases

_KIND = provider_pb2.PropertyDiff.Kind
_CHANGES = provider_pb2.DiffResponse.DiffChanges


def _answering(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a handler refuses into the protocol's error."""

    @functools.wraps(method)
    def answer(self: Servicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Unready as failure:
            _abort_unready(failure, context)
        except Refused as refusal:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(refusal))

    return answer


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider, configured once, for any number of resources."""

    def __init__(
        self,
        *,
        helm: Path,
        awaiting: bool,
        folder: Path,
        environment: Mapping[str, str],
        cancelled: threading.Event,
    ) -> None:
        self._helm = helm
        self._awaiting = awaiting
        self._folder = folder
        self._environment = environment
        self._cancelled = cancelled
        self._objects: Handler | None = None
        self._releases: Handler | None = None

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=metadata.version("pulumi-kubernetes"))

    def GetSchema(self, request: Any, context: Any) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema='{"name": "kubernetes"}')

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        same = decode(request.old_inputs) == decode(request.news)
        return provider_pb2.DiffResponse(changes=_CHANGES.DIFF_NONE if same else _CHANGES.DIFF_SOME)

    @_answering
    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        arguments = reveal(decode(request.args))
        configuration = Configuration.of(arguments, self._environment, self._folder)
        self._objects = Objects(
            Client(configuration.access, field_manager="pulumi-kubernetes"),
            mutable_kinds=configuration.mutable_kinds,
            awaiting=self._awaiting,
            cancelled=self._cancelled,
        )
        helm = Helm(self._helm, configuration.kubeconfig, self._folder)
        self._releases = Releases(helm, awaiting=self._awaiting)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_answering
    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        resource = _resource(request, request.news)
        try:
            inputs = self._handler(resource).check(
                resource, decode(request.olds), request.randomSeed
            )
        except Refused as refusal:
            failure = provider_pb2.CheckFailure(reason=str(refusal))
            return provider_pb2.CheckResponse(failures=[failure])
        return provider_pb2.CheckResponse(inputs=encode(inputs))

    @_answering
    def Diff(self, request: Any, context: Any) -> provider_pb2.DiffResponse:
        resource = _resource(request, request.news)
        return _diff_response(self._handler(resource).diff(resource, decode(request.old_inputs)))

    @_answering
    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        resource = _resource(request, request.properties)
        handler = self._handler(resource)
        existing = handler.preview(resource) if request.preview else handler.create(resource)
        return provider_pb2.CreateResponse(
            id=existing.identity, properties=encode(existing.outputs)
        )

    @_answering
    def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        resource = _resource(request, request.news)
        handler = self._handler(resource)
        existing = handler.preview(resource) if request.preview else handler.update(resource)
        return provider_pb2.UpdateResponse(properties=encode(existing.outputs))

    @_answering
    def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        resource = _resource(request, request.inputs)
        existing = self._handler(resource).read(resource)
        if existing is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=existing.identity, properties=encode(existing.outputs), inputs=request.inputs
        )

    @_answering
    def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        resource = _resource(request, request.old_inputs)
        self._handler(resource).delete(resource)
        return empty_pb2.Empty()

    @_answering
    def Invoke(self, request: Any, context: Any) -> NoReturn:
        raise Refused(f"the stand-in provider has no functions: {request.tok}")

    @_answering
    def Construct(self, request: Any, context: Any) -> NoReturn:
        raise Refused(f"the stand-in provider has no components: {request.type}")

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        self._cancelled.set()
        return empty_pb2.Empty()

    def _handler(self, resource: Resource) -> Handler:
        handler = self._releases if resource.type_token == RELEASE else self._objects
        if handler is None:
            raise Refused("the provider is not configured")
        return handler


def _resource(request: Any, inputs: Any) -> Resource:
    """The request's resource; the engine names it by URN, `...::TYPE::NAME`."""
    _, type_token, name = request.urn.rsplit("::", 2)
    return Resource(
        type_token=type_token.rsplit("$", 1)[-1],
        name=name,
        inputs=decode(inputs),
        identity=getattr(request, "id", ""),
        timeout_seconds=getattr(request, "timeout", 0.0),
    )


def _diff_response(difference: Difference) -> provider_pb2.DiffResponse:
    replacing = frozenset(difference.replacing)
    return provider_pb2.DiffResponse(
        changes=_CHANGES.DIFF_SOME if difference.changed else _CHANGES.DIFF_NONE,
        diffs=difference.top_level_keys,
        replaces=[spelled(path) for path in difference.replacing],
        deleteBeforeReplace=difference.delete_first,
        hasDetailedDiff=True,
        detailedDiff={
            spelled(path): provider_pb2.PropertyDiff(
                kind=_KIND.UPDATE_REPLACE if path in replacing else _KIND.UPDATE, inputDiff=True
            )
            for path in difference.changed
        },
    )


def _abort_unready(failure: Unready, context: grpc.ServicerContext) -> NoReturn:
    """Abort with the outputs in the status details: the engine then writes them to the state."""
    packed = any_pb2.Any()
    packed.Pack(
        provider_pb2.ErrorResourceInitFailed(
            id=failure.identity, properties=encode(failure.outputs), reasons=[str(failure)]
        )
    )
    code = grpc.StatusCode.UNKNOWN
    status = status_pb2.Status(code=code.value[0], message=str(failure), details=[packed])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(failure))
    raise AssertionError("abort raises")
