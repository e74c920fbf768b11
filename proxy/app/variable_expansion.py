"""References to environment variables in settings, so that secrets need not be written there.

The forms are those that MCP clients know in their `mcp.json`: `${NAME}`, `${NAME:-default}` and
`${env:NAME}`.
"""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([^{}]*)\}")
_KNOWN = re.compile(r"(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?")


def references(text: str) -> frozenset[str]:
    """The names of the variables that a text refers to."""
    known = map(_KNOWN.fullmatch, _REFERENCE.findall(text))
    return frozenset(found[1] for found in known if found is not None)


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """The text with the variables' values. Raises ValueError naming what has none."""

    def value(found: re.Match[str]) -> str:
        known = _KNOWN.fullmatch(found[1])
        if known is None:
            raise ValueError(f"{found[0]} is not known: use ${{NAME}}, a variable's value")
        name, default = known.groups()
        if (value := environment.get(name, default)) is None:
            raise ValueError(f"the variable {name} is not set")
        return value

    return _REFERENCE.sub(value, text)
