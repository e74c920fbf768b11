"""The stack that `pulumi up` deploys."""

import pulumi

from stacks.components.provider import kubernetes_provider
from stacks.config import PROJECT
from stacks.observability import Observability
from stacks.pulumi_config import read

provider = kubernetes_provider(PROJECT)
stack = Observability(PROJECT, read(), pulumi.ResourceOptions(provider=provider))
pulumi.export("architecture", stack.architecture)
pulumi.export("profile", stack.profile)
pulumi.export("addresses", stack.addresses)
pulumi.export("portForward", stack.port_forward)
