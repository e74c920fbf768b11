"""The keys of an entry of `servers`, and their checks."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from stacks import fields
from stacks.endpoints import PROXY_MCP_PORT, PROXY_METRICS_PORT
from stacks.fields import ConfigError, Entry, Mistakes, refuse
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
    Volume,
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
_REQUIRED = ("name", "runtime", "image", "transport")

_Auth = tuple[SecretValue | ValueFrom | None, JwtAuth | None]
_RESOURCES = ("cpu", "memory", "ephemeral-storage")
# What the restricted Pod Security Standard allows.
_VOLUME_SOURCES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_VALUE_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef")
_PROFILES = ("none", "network")
RESERVED_VOLUMES = ("tmp", "home", "ca", "writable")


def parse_server(key: str, value: object) -> Server:
    """One entry of `servers`; raises ConfigError with all its mistakes."""
    if not isinstance(value, dict):
        raise refuse(key, value, f"it must be a map with {', '.join(_REQUIRED)}")
    mistakes = Mistakes()
    entry = Entry(f"{key}.", value, KEYS, mistakes)
    required = "every server has name, runtime, image, transport"
    name = entry.required("name", fields.label, required)
    runtime = entry.required("runtime", partial(fields.choice, ServerRuntime), required)
    transport = _transport(entry, required)
    if None in (runtime, transport):
        mistakes.report()
    case = _case(runtime, transport, remote="url" in entry)
    _refuse_misplaced(entry, case)
    image = entry.required("image", fields.image, required) if case in _LOCAL else ""
    nobody: _Auth = (None, None)
    token, jwt = entry.read("auth", _auth, nobody) or nobody
    server = Server(
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
        certificates=entry.read("ca", _certificates, None),
        replicas=entry.read("replicas", partial(fields.integer, low=0, high=100), 1),
        resources=entry.read("resources", _resources, {}),
        volumes=entry.read("volumes", _volumes, ()),
        service_account=entry.read("serviceAccount", fields.object_name, None),
        image_pull_secrets=entry.read("imagePullSecrets", _pull_secrets, ()),
        node_selector=entry.read("nodeSelector", _texts, {}),
        tolerations=entry.read("tolerations", _tolerations, ()),
        pod_template=entry.read("podTemplateSpec", _pod_template, {}),
        permission_profile=entry.read("permissionProfile", _permission_profile, {}),
        security=entry.read("securityContext", _security, ServerSecurity()),
        sessions=_sessions(entry),
        token=token,
        jwt=jwt,
        ingress=entry.read("ingress", _ingress, None),
    )
    mistakes.report()
    return server


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
    for name in plain.keys() & secret.keys():
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
    mistakes = Mistakes()
    found = {}
    for index, each in enumerate(value):
        if not isinstance(each, dict):
            raise refuse(f"{key}[{index}]", each, "it must be a map with name, key, targetEnvName")
        item = Entry(f"{key}[{index}].", each, ("name", "key", "targetEnvName"), mistakes)
        name = item.read("targetEnvName", fields.text, str(revealed(item.get("key"))))
        found[name] = {
            each: item.required(each, fields.text, "a secret has name and key")
            for each in ("name", "key")
        }
    mistakes.report()
    return found


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
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map with name and key")
    mistakes = Mistakes()
    entry = Entry(f"{key}.", value, ("name", "key"), mistakes)
    hint = "a reference has name and key"
    found = {
        "name": entry.required("name", fields.object_name, hint),
        "key": entry.required("key", fields.text, hint),
    }
    mistakes.report()
    return found


def _headers(key: str, value: object) -> tuple[tuple[str, Text | ValueFrom], ...]:
    def one(key: str, value: object) -> Text | ValueFrom:
        if isinstance(value, dict):
            return ValueFrom({"secretKeyRef": _secret_reference(key, value)})
        return fields.secret_text(key, value)

    found = fields.mapping(fields.header, one, key, value, "header names to values")
    return tuple(found.items())


def _certificates(key: str, value: object) -> Values:
    """A CA bundle: `{configMap: NAME, key: FILE}` or `{secret: NAME, key: FILE}`."""
    if not isinstance(value, dict) or len({"configMap", "secret"} & value.keys()) != 1:
        raise refuse(key, value, "it must be a map with configMap or secret, and key")
    mistakes = Mistakes()
    entry = Entry(f"{key}.", value, ("configMap", "secret", "key"), mistakes)
    file = entry.read("key", fields.text, "ca.crt")
    items = [{"key": file, "path": "ca.crt"}]
    if "secret" in entry:
        name = entry.required("secret", fields.object_name, "")
        source: Values = {"secret": {"secretName": name, "items": items}}
    else:
        name = entry.required("configMap", fields.object_name, "")
        source = {"configMap": {"name": name, "items": items}}
    mistakes.report()
    return source


def _resources(key: str, value: object) -> Values:
    def amounts(key: str, value: object) -> Values:
        return fields.mapping(_resource, fields.quantity, key, value, "resources to amounts")

    def section(key: str, value: object) -> str:
        if value in ("requests", "limits"):
            return str(value)
        raise refuse(key, value, "allowed: requests, limits")

    return fields.mapping(section, amounts, key, value, "requests and limits to amounts")


def _resource(key: str, value: object) -> str:
    if value in _RESOURCES:
        return str(value)
    raise refuse(key, value, f"allowed: {', '.join(_RESOURCES)}")


def _volumes(key: str, value: object) -> tuple[Volume, ...]:
    volumes = fields.items(_volume, key, value, "volumes")
    names = [each.name for each in volumes]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise refuse(f"{key}[{index}].name", name, "another volume has this name")
    return volumes


def _volume(key: str, value: object) -> Volume:
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map with name, mountPath and a source")
    mistakes = Mistakes()
    known = ("name", "mountPath", "subPath", "readOnly", *_VOLUME_SOURCES)
    if "hostPath" in value:
        allowed = f"restricted pods have no hostPath; use one of {', '.join(_VOLUME_SOURCES)}"
        raise refuse(f"{key}.hostPath", value["hostPath"], allowed)
    entry = Entry(f"{key}.", value, known, mistakes)
    name = entry.required("name", fields.label, "a volume has a name")
    if name in RESERVED_VOLUMES:
        entry.refuse("name", f"the stack has a volume of this name: {', '.join(RESERVED_VOLUMES)}")
    sources = [each for each in _VOLUME_SOURCES if each in entry]
    if len(sources) != 1:
        mistakes.add(
            ConfigError(f"{key}: a volume has one source; allowed: {', '.join(_VOLUME_SOURCES)}")
        )
    mount = {
        "mountPath": entry.read("mountPath", fields.path, None),
        "subPath": entry.read("subPath", fields.text, None),
        "readOnly": entry.read("readOnly", fields.boolean, None),
    }
    mistakes.report()
    given = {each: found for each, found in mount.items() if found is not None}
    source = {each: revealed(value[each]) for each in sources}
    return Volume(name, source, {"name": name, **given} if "mountPath" in given else None)


def _pull_secrets(key: str, value: object) -> tuple[str, ...]:
    def one(key: str, value: object) -> str:
        if isinstance(value, dict) and [*value] == ["name"]:
            return fields.object_name(f"{key}.name", value["name"])
        return fields.object_name(key, value)

    return fields.items(one, key, value, "names of Secrets")


def _texts(key: str, value: object) -> Values:
    return fields.mapping(fields.text, fields.text, key, value, "names to text")


def _tolerations(key: str, value: object) -> tuple[Any, ...]:
    found = fields.items(fields.tree, key, value, "tolerations")
    return tuple(revealed(each) for each in found)


def _pod_template(key: str, value: object) -> Values:
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map with metadata or spec")
    mistakes = Mistakes()
    entry = Entry(f"{key}.", value, ("metadata", "spec"), mistakes)
    empty: dict[str, Any] = {}
    for name in ("metadata", "spec"):
        entry.read(name, fields.tree, empty)
    mistakes.report()
    for path in _privileges(value, key):
        mistakes.add(ConfigError(f"{path}: nothing in this stack is privileged; leave it out"))
    mistakes.report()
    return {name: _structural(each) for name, each in value.items()}


def _structural(value: Any) -> Any:
    """Secret values stay so only as values of variables; elsewhere they are names and numbers."""
    if isinstance(value, list):
        return [_structural(each) for each in value]
    if isinstance(value, dict):
        return {
            name: each if name == "value" else _structural(each) for name, each in value.items()
        }
    return revealed(value)


def _privileges(value: Any, path: str) -> list[str]:
    """The paths of settings that give a pod rights on its node."""
    if isinstance(value, list):
        return [
            found
            for index, each in enumerate(value)
            for found in _privileges(each, f"{path}[{index}]")
        ]
    if not isinstance(value, dict):
        return []
    forbidden = ("privileged", "hostNetwork", "hostPID", "hostIPC", "allowPrivilegeEscalation")
    own = [f"{path}.{name}" for name in forbidden if value.get(name) is True]
    return own + [
        found
        for name, each in value.items()
        for found in _privileges(each, fields.below(path, name))
    ]


def _permission_profile(key: str, value: object) -> Values:
    given = revealed(value)
    if given in _PROFILES:
        return {"type": "builtin", "name": given}
    if not isinstance(given, dict):
        raise refuse(key, value, "allowed: none, network, or a map with type and name")
    mistakes = Mistakes()
    entry = Entry(f"{key}.", given, ("type", "name", "key"), mistakes)
    hint = "a profile has type and name"
    kind = entry.required("type", fields.text, hint)
    name = entry.required("name", fields.text, hint)
    if kind not in (None, "builtin", "configmap"):
        entry.refuse("type", "allowed: builtin, configmap")
    if kind == "builtin" and name not in (None, *_PROFILES):
        entry.refuse("name", f"allowed: {', '.join(_PROFILES)}")
    mistakes.report()
    return dict(given)


def _security(key: str, value: object) -> ServerSecurity:
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map")
    mistakes = Mistakes()
    known = ("runAsUser", "runAsGroup", "fsGroup", "readOnlyRootFilesystem", "writablePaths")
    entry = Entry(f"{key}.", value, known, mistakes)
    number = partial(fields.integer, low=1, high=2**31 - 1)

    def paths(key: str, value: object) -> tuple[str, ...]:
        return fields.items(fields.path, key, value, "absolute paths")

    found = ServerSecurity(
        run_as_user=entry.read("runAsUser", number, None),
        run_as_group=entry.read("runAsGroup", number, None),
        fs_group=entry.read("fsGroup", number, None),
        read_only_root=entry.read("readOnlyRootFilesystem", fields.boolean, True),
        writable_paths=entry.read("writablePaths", paths, ()),
    )
    mistakes.report()
    return found


def _auth(key: str, value: object) -> tuple[SecretValue | ValueFrom | None, JwtAuth | None]:
    """`token`: a secret or name and key of one; or `issuer`, `keysUrl`, `audience` of JWTs.

    With JWTs also `principalClaim`.
    """
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map with token, or issuer, keysUrl and audience")
    mistakes = Mistakes()
    jwt_keys = ("issuer", "keysUrl", "audience", "principalClaim")
    entry = Entry(f"{key}.", value, ("token", *jwt_keys), mistakes)
    if "token" in entry:
        for name in jwt_keys:
            if name in entry:
                entry.refuse(name, "a token is given already")
        token = entry.read("token", _secret, None)
        mistakes.report()
        return (token if isinstance(token, SecretValue | ValueFrom) else None), None
    hint = "give token, or issuer, keysUrl and audience"
    jwt = JwtAuth(
        issuer=entry.required("issuer", fields.text, hint),
        keys_url=entry.required("keysUrl", fields.url, hint),
        audience=entry.required("audience", fields.text, hint),
        principal_claim=entry.read("principalClaim", fields.text, None),
    )
    mistakes.report()
    return None, jwt


def _host(key: str, value: object) -> str:
    given = fields.object_name(key, value)
    if not re.search(r"[a-z]", given):
        raise refuse(key, value, "it must be a host name")
    return given


def _ingress(key: str, value: object) -> Ingress:
    if not isinstance(value, dict):
        raise refuse(key, value, "it must be a map with host")
    mistakes = Mistakes()
    entry = Entry(f"{key}.", value, ("host", "class", "tlsSecret", "annotations"), mistakes)
    none: Mapping[str, str] = {}
    found = Ingress(
        host=entry.required("host", _host, "an ingress has a host"),
        class_name=entry.read("class", fields.object_name, None),
        tls_secret=entry.read("tlsSecret", fields.object_name, None),
        annotations=entry.read("annotations", _texts, none),
    )
    mistakes.report()
    return found
