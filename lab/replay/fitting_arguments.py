"""Arguments for the tools of a server in place of a redacted recording's placeholders. Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from lab.load.tool_mix import NoArguments, arguments_for
from lab.recording.calls import Call
from proxy.telemetry.catalogue import Outcome
from proxy.tools.argument_check import ArgumentCheck


class FittingArguments:
    """Replaces placeholders that a tool's schema does not allow, in calls that succeeded."""

    def __init__(self, tools: Mapping[str, Mapping[str, Any]]) -> None:
        """`tools` are the server's definitions by name."""
        self._tools = tools
        self._check = ArgumentCheck(self._schema_of)

    def __repr__(self) -> str:
        return f"<FittingArguments tools={len(self._tools)}>"

    def params_of(self, call: Call) -> dict[str, Any]:
        """The params of a call as they are sent."""
        tool = call.tool
        if tool is None or tool not in self._tools or call.outcome is not Outcome.OK:
            return call.params
        arguments = call.params.get("arguments", {})
        if not self._check.is_invalid(tool, arguments, len(msgspec.json.encode(arguments))):
            return call.params
        try:
            made = arguments_for(self._tools[tool].get("inputSchema"))
        except NoArguments:
            return call.params
        return {**call.params, "arguments": made}

    def _schema_of(self, tool: str) -> Any:
        return tool.encode(), lambda: self._tools[tool].get("inputSchema", {})
