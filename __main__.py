"""The stack that `pulumi up` deploys."""

import pulumi

from stacks.config import PROJECT
from stacks.observability import Observability
from stacks.pulumi_config import read

stack = Observability(PROJECT, read())
for name, value in stack.outputs.items():
    pulumi.export(name, value)
