"""The Secret that Grafana's administrator signs in with; the password never leaves it in clear."""

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from stacks import grafana
from stacks.charts import Namespace


def grafana_admin(password: pulumi.Output[str], opts: pulumi.ResourceOptions) -> Secret:
    """Keep the password in a Secret; the chart's values only name it."""
    return Secret(
        grafana.SECRET,
        metadata={"name": grafana.SECRET, "namespace": Namespace.MONITORING.value},
        type="Opaque",
        string_data={grafana.USER_KEY: grafana.USER, grafana.PASSWORD_KEY: password},
        opts=opts,
    )
