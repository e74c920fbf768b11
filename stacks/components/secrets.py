"""The Secret with the credentials of Grafana's administrator."""

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from stacks import grafana_objects
from stacks.charts import Namespace


def grafana_admin(
    prefix: str, password: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Secret:
    """Create the Secret that Grafana's values refer to."""
    return Secret(
        f"{prefix}-{grafana_objects.SECRET}",
        metadata={"name": grafana_objects.SECRET, "namespace": Namespace.MONITORING.value},
        type="Opaque",
        string_data={
            grafana_objects.USER_KEY: grafana_objects.USER,
            grafana_objects.PASSWORD_KEY: password,
        },
        opts=opts,
    )
