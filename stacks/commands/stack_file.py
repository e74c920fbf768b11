"""What a stack file says about the cluster, its namespaces and images, before Pulumi reads it."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import yaml

from stacks.charts import Namespaces
from stacks.commands.programs import UsageError
from stacks.config import PROJECT, StackConfig

FOLDER = "stacks"
PROXY_IMAGE = StackConfig().proxy_image


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
    path = root / FOLDER / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = sorted(each.name.split(".")[1] for each in (root / FOLDER).glob("Pulumi.*.yaml"))
        raise UsageError(
            f"STACK={stack}: there is no {FOLDER}/{path.name}; there are: {', '.join(known)}"
        )
    try:
        return _read(stack, yaml.safe_load(path.read_text(encoding="utf-8")))
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


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
