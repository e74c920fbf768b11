"""The keys of an entry of `servers`, and their checks."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from stacks import fields, pod_config
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.fields import ConfigError, Entry, refuse
from stacks.secret_values import SecretValue, Text, revealed
from stacks.servers import (
    DEFAULT_PATH,
    DEFAULT_PATHS,
    Ingress,
    JwtAuth,
    Server,
    ServerRuntime,
    ServerSecurity,
    Sessions,
    Transport,
    ValueFrom,
)
from stacks.values import Values


class _Case(StrEnum):
    """What decides which keys a server may have."""

    PROXY_HTTP = "runtime proxy with an HTTP transport"
    PROXY_STDIO = "runtime proxy with transport stdio"
    PROXY_REMOTE = "runtime proxy with a url"
    TOOLHIVE_HTTP = "runtime toolhive with an HTTP transport"
    TOOLHIVE_STDIO = "runtime toolhive with transport stdio"
    TOOLHIVE_REMOTE = "runtime toolhive with a url"


_ALL = frozenset(_Case)
_REMOTE = frozenset({_Case.PROXY_REMOTE, _Case.TOOLHIVE_REMOTE})
_LOCAL = _ALL - _REMOTE
_TOOLHIVE = frozenset({_Case.TOOLHIVE_HTTP, _Case.TOOLHIVE_STDIO})
_WITH_POD = _ALL - {_Case.TOOLHIVE_REMOTE}
_NO_POD = "the operator gives a remote server's proxy no such setting"

_STDIO = frozenset({_Case.PROXY_STDIO})
_NO_SESSIONS = "only servers with runtime proxy and transport stdio have processes for sessions"
_BY_PROXY = frozenset({_Case.PROXY_HTTP, _Case.PROXY_STDIO, _Case.PROXY_REMOTE})

_KEYS: dict[str, tuple[frozenset[_Case], str]] = {
    "name": (_ALL, ""),
    "runtime": (_ALL, ""),
    "transport": (_ALL, ""),
    "image": (_LOCAL, "a remote server has no image; leave out image or url"),
    "url": (_REMOTE, ""),
    "headers": (_REMOTE, "only a server with a url gets headers"),
    "ca": (frozenset({_Case.PROXY_REMOTE}), "only runtime proxy with a url takes a CA"),
    "toolBaseline": (_BY_PROXY, "only runtime proxy compares tools with approved ones"),
    "port": (
        frozenset({_Case.PROXY_HTTP, _Case.TOOLHIVE_HTTP}),
        "only a server with an HTTP transport has a port; leave it out",
    ),
    "path": (
        frozenset({_Case.PROXY_HTTP}),
        "it has an effect only with runtime proxy and an HTTP transport; leave it out",
    ),
    "command": (
        frozenset({_Case.PROXY_STDIO}),
        "only servers with runtime proxy and transport stdio have a command",
    ),
    "args": (_LOCAL - {_Case.PROXY_STDIO}, "put the arguments into command"),
    "env": (_LOCAL, "a remote server has no environment"),
    "secrets": (_LOCAL, "a remote server has no environment"),
    "replicas": (_ALL, ""),
    "resources": (_ALL, ""),
    "serviceAccount": (_ALL, ""),
    "imagePullSecrets": (_ALL, ""),
    "volumes": (_WITH_POD, _NO_POD),
    "nodeSelector": (_WITH_POD, _NO_POD),
    "tolerations": (_WITH_POD, _NO_POD),
    "podTemplateSpec": (_WITH_POD, _NO_POD),
    "securityContext": (_LOCAL, "a remote server has no container"),
    "permissionProfile": (_TOOLHIVE, "only servers with runtime toolhive have one"),
    "maxSessions": (_STDIO, _NO_SESSIONS),
    "sessionMemory": (_STDIO, _NO_SESSIONS),
    "sharedProcess": (_STDIO, _NO_SESSIONS),
    "auth": (_BY_PROXY, "only runtime proxy asks clients for a token"),
    "ingress": (_ALL, ""),
}
KEYS = tuple(_KEYS)

_Auth = tuple[SecretValue | ValueFrom | None, JwtAuth | None]
_VALUE_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef")


def parse_server(key: str, value: object) -> Server:
    """One entry of `servers`; raises ConfigError with all its mistakes."""
    with fields.entry(key, value, KEYS, "with name, runtime, image, transport") as entry:
        return _server(entry)


def _server(entry: Entry) -> Server:
    required = "every server has name, runtime, image, transport"
    name = entry.required("name", fields.label, required)
    runtime = entry.required("runtime", partial(fields.choice, ServerRuntime), required)
    transport = _transport(entry, required)
    if None in (runtime, transport):
        entry.mistakes.report()
    case = _case(runtime, transport, remote="url" in entry)
    _refuse_misplaced(entry, case)
    image = entry.required("image", fields.image, required) if case in _LOCAL else ""
    none: _Auth = (None, None)
    token, jwt = entry.read("auth", _auth, none) or none
    return Server(
        name=name,
        runtime=runtime,
        image=image,
        transport=transport,
        port=_port(entry, case),
        path=entry.read("path", fields.path, DEFAULT_PATHS.get(transport, DEFAULT_PATH)),
        command=_command(entry, case),
        arguments=entry.read("args", _words, ()),
        environment=_environment(entry, case),
        url=entry.read("url", fields.url, None),
        headers=entry.read("headers", _headers, ()),
        certificates=entry.read("ca", partial(_file, "ca.crt"), None),
        tool_baseline=entry.read("toolBaseline", partial(_file, "tools.json"), None),
        replicas=entry.read("replicas", partial(fields.integer, low=0, high=100), 1),
        resources=entry.read("resources", pod_config.resources, {}),
        volumes=entry.read("volumes", pod_config.volumes, ()),
        service_account=entry.read("serviceAccount", fields.object_name, None),
        image_pull_secrets=entry.read("imagePullSecrets", pod_config.pull_secrets, ()),
        node_selector=entry.read("nodeSelector", pod_config.texts, {}),
        tolerations=entry.read("tolerations", pod_config.tolerations, ()),
        pod_template=entry.read("podTemplateSpec", pod_config.pod_template, {}),
        permission_profile=entry.read("permissionProfile", pod_config.permission_profile, {}),
        security=entry.read("securityContext", pod_config.security, ServerSecurity()),
        sessions=_sessions(entry),
        token=token,
        jwt=jwt,
        ingress=entry.read("ingress", _ingress, None),
    )


def _sessions(entry: Entry) -> Sessions:
    default = Sessions()
    return Sessions(
        most=entry.read("maxSessions", partial(fields.integer, low=1, high=1000), default.most),
        memory=entry.read("sessionMemory", fields.quantity, default.memory),
        shared=entry.read("sharedProcess", fields.boolean, default.shared),
    )


def _transport(entry: Entry, hint: str) -> Transport:
    read = partial(fields.choice, Transport)
    if "url" not in entry:
        return entry.required("transport", read, hint)
    transport = entry.read("transport", read, Transport.STREAMABLE_HTTP)
    if transport is Transport.STDIO:
        entry.refuse("transport", "a remote server speaks streamable-http or sse")
    return transport


def _case(runtime: ServerRuntime, transport: Transport, *, remote: bool) -> _Case:
    if remote:
        return _Case[f"{runtime.name}_REMOTE"]
    return _Case[f"{runtime.name}_{'STDIO' if transport is Transport.STDIO else 'HTTP'}"]


def _refuse_misplaced(entry: Entry, case: _Case) -> None:
    for name, (cases, hint) in _KEYS.items():
        if name in entry and case not in cases:
            entry.refuse(name, hint)
            entry.leave_out(name)


def _port(entry: Entry, case: _Case) -> int | None:
    if case not in _KEYS["port"][0]:
        return None
    read = partial(fields.integer, low=1, high=65535)
    if case is _Case.TOOLHIVE_HTTP:
        return entry.read("port", read, 8080)
    port = entry.required("port", read, "give the port of the server in its pod")
    if port in (PROXY_MCP_PORT, PROXY_METRICS_PORT):
        entry.refuse("port", "the proxy in the same pod uses it; choose another")
    return port


def _command(entry: Entry, case: _Case) -> tuple[Text, ...]:
    if case is not _Case.PROXY_STDIO:
        return ()
    hint = "transport stdio needs the command to run"
    command = entry.required("command", _words, hint)
    if command == ():
        entry.mistakes.add(ConfigError(f"{entry.key('command')}: missing; {hint}"))
    return command


def _words(key: str, value: object) -> tuple[Text, ...]:
    return fields.items(fields.secret_text, key, value, "text")


def _environment(entry: Entry, case: _Case) -> tuple[tuple[str, Text | ValueFrom], ...]:
    none: dict[str, Text | ValueFrom] = {}
    plain = entry.read("env", _variables, none)
    secret = entry.read("secrets", _secrets, none)
    if plain is None or secret is None:
        return ()
    for name in secret:
        if name in plain:
            entry.refuse("secrets", f"{name} is in env, too")
    if case is _Case.PROXY_STDIO:
        for name in (*plain, *secret):
            if name == "POD_NAME" or name.startswith(("MCP_PROXY_", "OTEL_")):
                allowed = "in this pod it is a setting of the proxy"
                entry.mistakes.add(refuse(entry.key("env"), name, allowed))
    return (*plain.items(), *secret.items())


def _variables(key: str, value: object) -> dict[str, Text | ValueFrom]:
    return fields.mapping(fields.variable, _variable, key, value, "variable names to text")


def _variable(key: str, value: object) -> Text | ValueFrom:
    if isinstance(value, dict):
        return _value_from(key, value)
    if fields.is_output(value) or isinstance(revealed(value), str):
        return value if isinstance(value, SecretValue) else str(value)
    raise refuse(key, value, "it must be text or valueFrom; quote numbers and booleans")


def _value_from(key: str, value: Mapping[str, Any]) -> ValueFrom:
    fields.known_keys(f"{key}.", value, ("valueFrom",))
    source = revealed(value.get("valueFrom"))
    if not isinstance(source, dict) or [*source] not in [[each] for each in _VALUE_SOURCES]:
        allowed = f"it must have one of {', '.join(_VALUE_SOURCES)}"
        raise refuse(f"{key}.valueFrom", source, allowed)
    return ValueFrom(source)


def _secrets(key: str, value: object) -> dict[str, Text | ValueFrom]:
    if isinstance(value, list):
        value = _from_list(key, value)
    return fields.mapping(fields.variable, _secret, key, value, "variable names to secrets")


def _from_list(key: str, value: list[Any]) -> dict[str, Any]:
    """ToolHive's form: a list of name and key of a Secret, and the variable."""
    known, needed = ("name", "key", "targetEnvName"), "with name, key, targetEnvName"

    def one(key: str, value: object) -> tuple[str, dict[str, str]]:
        with fields.entry(key, value, known, needed) as item:
            name = item.read("targetEnvName", fields.text, str(revealed(item.get("key"))))
            hint = "a secret has name and key"
            return name, {each: item.required(each, fields.text, hint) for each in known[:2]}

    return dict(fields.items(one, key, value, "secrets"))


def _secret(key: str, value: object) -> Text | ValueFrom:
    if isinstance(value, dict):
        return ValueFrom({"secretKeyRef": _secret_reference(key, value)})
    if not isinstance(value, SecretValue):
        raise ConfigError(
            f"{key}: a secret must be name and key of a Secret, or set with: pulumi config set"
            f" --secret --path '{key}'"
        )
    return fields.secret_text(key, value)


def _secret_reference(key: str, value: object) -> Values:
    hint = "a reference has name and key"
    with fields.entry(key, value, ("name", "key"), "with name and key") as entry:
        return {
            "name": entry.required("name", fields.object_name, hint),
            "key": entry.required("key", fields.text, hint),
        }


def _headers(key: str, value: object) -> tuple[tuple[str, Text | ValueFrom], ...]:
    def one(key: str, value: object) -> Text | ValueFrom:
        if isinstance(value, dict):
            return ValueFrom({"secretKeyRef": _secret_reference(key, value)})
        return fields.secret_text(key, value)

    found = fields.mapping(fields.header, one, key, value, "header names to values")
    return tuple(found.items())


def _file(name: str, key: str, value: object) -> Values:
    """The source of a volume with that file: `{configMap: NAME, key: FILE}`, or with `secret`."""
    if not isinstance(value, dict) or len({"configMap", "secret"} & value.keys()) != 1:
        raise refuse(key, value, "it must be a map with configMap or secret, and key")
    with fields.entry(key, value, ("configMap", "secret", "key")) as entry:
        kind, named = ("secret", "secretName") if "secret" in entry else ("configMap", "name")
        items = [{"key": entry.read("key", fields.text, name), "path": name}]
        return {kind: {named: entry.required(kind, fields.object_name, ""), "items": items}}


def _auth(key: str, value: object) -> _Auth:
    """`token`: a secret or name and key of one; or `issuer`, `keysUrl`, `audience` of JWTs.

    With JWTs also `principalClaim`.
    """
    jwt_keys = ("issuer", "keysUrl", "audience", "principalClaim")
    needed = "token, or issuer, keysUrl and audience"
    with fields.entry(key, value, ("token", *jwt_keys), f"with {needed}") as entry:
        if "token" in entry:
            for name in filter(entry.__contains__, jwt_keys):
                entry.refuse(name, "a token is given already")
            token = entry.read("token", _secret, None)
            return (token if isinstance(token, SecretValue | ValueFrom) else None), None
        return None, JwtAuth(
            issuer=entry.required("issuer", fields.text, f"give {needed}"),
            keys_url=entry.required("keysUrl", fields.url, f"give {needed}"),
            audience=entry.required("audience", fields.text, f"give {needed}"),
            principal_claim=entry.read("principalClaim", fields.text, None),
        )


def _host(key: str, value: object) -> str:
    given = fields.object_name(key, value)
    if not re.search(r"[a-z]", given):
        raise refuse(key, value, "it must be a host name")
    return given


def _ingress(key: str, value: object) -> Ingress:
    none: Mapping[str, str] = {}
    known = ("host", "class", "tlsSecret", "annotations")
    with fields.entry(key, value, known, "with host") as entry:
        return Ingress(
            host=entry.required("host", _host, "an ingress has a host"),
            class_name=entry.read("class", fields.object_name, None),
            tls_secret=entry.read("tlsSecret", fields.object_name, None),
            annotations=entry.read("annotations", pod_config.texts, none),
        )
