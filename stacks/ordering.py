"""What must exist before what; destroying goes the other way round.

An MCPServer has a finalizer that only the running operator removes, so servers go before the
operator, and the operator before its CRDs.
"""

from stacks.charts import Part

RELEASE_NEEDS: dict[Part, tuple[Part, ...]] = {
    Part.PROMETHEUS: (),
    Part.JAEGER: (),
    # The collector's chart makes a ServiceMonitor, and the collector sends to Jaeger.
    Part.COLLECTOR: (Part.PROMETHEUS, Part.JAEGER),
    Part.TOOLHIVE_CRDS: (),
    Part.TOOLHIVE: (Part.TOOLHIVE_CRDS,),
}
"""Release -> the releases it needs; every release also needs the namespaces."""

KIND_NEEDS: dict[str, tuple[Part, ...]] = {
    "ConfigMap": (),
    "Service": (),
    "Deployment": (),
    "ServiceMonitor": (Part.PROMETHEUS,),
    "PrometheusRule": (Part.PROMETHEUS,),
    "MCPTelemetryConfig": (Part.TOOLHIVE_CRDS, Part.TOOLHIVE),
    "MCPServer": (Part.TOOLHIVE_CRDS, Part.TOOLHIVE),
}
"""Kind of object -> the releases it needs."""

OBJECT_NEEDS: dict[str, tuple[str, ...]] = {"MCPServer": ("MCPTelemetryConfig",)}
"""Kind of object -> the kinds whose objects, where there are any, it refers to."""
