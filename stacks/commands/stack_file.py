"""What a stack file says about the cluster, its namespaces and images, before Pulumi reads it."""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from proxy.suggestions import did_you_mean
from stacks.charts import Namespaces
from stacks.commands.programs import UsageError
from stacks.config import PASSWORD, PROJECT, ConfigError, StackConfig, parse
from stacks.config_text import decoded
from stacks.secret_values import SecretValue

FOLDER = "stacks"
PROXY_IMAGE = StackConfig().proxy_image

Found = TypeVar("Found")
_UNKNOWN = SecretValue("an encrypted value")


@dataclass(frozen=True, slots=True)
class StackFile:
    """Values of a stack file. Encrypted ones count as missing."""

    stack: str
    context: str | None
    kubeconfig: str | None
    namespaces: tuple[str, ...]
    """Those that are the stack's own."""
    proxy_image: str
    images: tuple[str, ...]
    """Of the servers, as far as they are listed."""

    has_passphrase: bool
    """Whether its secrets are encrypted by a passphrase."""

    @property
    def names_cluster(self) -> bool:
        """Whether the cluster is chosen already."""
        return self.context is not None or self.kubeconfig is not None


def read(root: Path, stack: str) -> StackFile:
    """The file of a stack. Raises UsageError if it does not exist."""
    return _checked(root, stack, _read)


def configuration(root: Path, stack: str) -> StackConfig:
    """What the file configures, with the encrypted values unknown. Raises UsageError."""
    try:
        return _checked(root, stack, _configured)
    except ConfigError as error:
        first = str(error).splitlines()[0]
        raise UsageError(f"STACK={stack}: {first}") from None


def _checked(root: Path, stack: str, reader: Callable[[str, Mapping[str, Any]], Found]) -> Found:
    path = root / FOLDER / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = sorted(each.name.split(".")[1] for each in (root / FOLDER).glob("Pulumi.*.yaml"))
        hint = f"{did_you_mean(stack, known)}there are: {', '.join(known)}"
        raise UsageError(f"STACK={stack}: there is no {FOLDER}/{path.name}; {hint}")
    try:
        return reader(stack, yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, AttributeError, TypeError):
        raise UsageError(f"STACK={stack}: {FOLDER}/{path.name} is not a stack file") from None


def _read(stack: str, content: Mapping[str, Any]) -> StackFile:
    config = content.get("config") or {}
    names = Namespaces(**(config.get(f"{PROJECT}:namespaces") or {}))
    existing = config.get(f"{PROJECT}:existingNamespaces") or []
    servers = config.get(f"{PROJECT}:servers") or []
    return StackFile(
        stack=stack,
        has_passphrase="encryptionsalt" in content,
        context=_text(config.get("kubernetes:context")),
        kubeconfig=_text(config.get("kubernetes:kubeconfig")),
        namespaces=tuple(each for each in dict.fromkeys(astuple(names)) if each not in existing),
        proxy_image=_text(config.get(f"{PROJECT}:proxyImage")) or PROXY_IMAGE,
        images=tuple(dict.fromkeys(each["image"] for each in servers if _text(each.get("image")))),
    )


def _configured(stack: str, content: Mapping[str, Any]) -> StackConfig:
    prefix = f"{PROJECT}:"
    given = {
        name.removeprefix(prefix): _value(name.removeprefix(prefix), each)
        for name, each in (content.get("config") or {}).items()
        if name.startswith(prefix)
    }
    return parse({**given, PASSWORD: _UNKNOWN})


def _value(name: str, given: object) -> object:
    if isinstance(given, str):
        return decoded(name, given)
    return _without_encrypted(given)


def _without_encrypted(given: Any) -> Any:
    """Pulumi writes an encrypted value as a map with the key `secure`."""
    if isinstance(given, dict):
        if given.keys() == {"secure"}:
            return _UNKNOWN
        return {name: _without_encrypted(each) for name, each in given.items()}
    return list(map(_without_encrypted, given)) if isinstance(given, list) else given


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
