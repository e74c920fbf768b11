"""The stack that `pulumi up` builds: read the configuration, plan, perform, export."""

import pulumi

from stacks.observability import Observability
from stacks.reader import read

stack = Observability("mcp-observability", read())
for name, value in stack.exports.items():
    pulumi.export(name, value)
