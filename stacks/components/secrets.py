"""Pulumi secrets from the secret values of a plan."""

from typing import Any

import pulumi

from stacks.secret_values import Checksum, SecretValue, digest


def resolved(value: Any) -> Any:
    """A copy with secret values as secret outputs, and checksums of outputs as plain outputs."""
    if isinstance(value, SecretValue):
        return pulumi.Output.secret(value.value)
    if isinstance(value, Checksum):
        return _checksum(value)
    if isinstance(value, dict):
        return {key: resolved(each) for key, each in value.items()}
    if isinstance(value, list):
        return [resolved(each) for each in value]
    return value


def _checksum(needed: Checksum) -> pulumi.Output[str]:
    values = pulumi.Output.all(**{name: each.value for name, each in needed.values})
    found = values.apply(lambda known: digest(needed.salt, tuple(sorted(known.items()))))
    return pulumi.Output.unsecret(found)
