"""Writing metrics to a store outside the cluster, by Prometheus or by the collector."""

from stacks.component_choices import Mode, RemoteWrite
from stacks.config import StackConfig
from stacks.endpoints import REMOTE_WRITE_PATH
from stacks.values import Values

SECRET = "remote-write"
_USERNAME, _CREDENTIALS = "username", "credentials"


def url(config: StackConfig) -> str:
    """Where the collector writes to in the architecture that does."""
    if config.remote_write and config.components.prometheus.mode is not Mode.INSTALL:
        return config.remote_write.url
    return config.prometheus_url.rstrip("/") + REMOTE_WRITE_PATH


def by_collector(config: StackConfig) -> RemoteWrite | None:
    """The store, if the collector writes to it: with a Prometheus of ours, that one does."""
    installed = config.components.prometheus.mode is Mode.INSTALL
    return None if installed else config.remote_write


def secrets(config: StackConfig) -> tuple[Values, ...]:
    """The Secret with the credentials."""
    store = config.remote_write
    if store is None or store.credentials is None:
        return ()
    username = {_USERNAME: store.username} if store.username else {}
    return (
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": config.namespaces.monitoring},
            "type": "Opaque",
            "stringData": {**username, _CREDENTIALS: store.credentials},
        },
    )


def prometheus_values(store: RemoteWrite) -> Values:
    """The chart's values; the operator reloads changed credentials from the Secret."""
    reference = {"name": SECRET, "key": _CREDENTIALS}
    access: Values = {}
    if store.username:
        username = {"name": SECRET, "key": _USERNAME}
        access = {"basicAuth": {"username": username, "password": reference}}
    elif store.credentials:
        access = {"authorization": {"credentials": reference}}
    headers = {"headers": dict(store.headers)} if store.headers else {}
    queue = {"capacity": store.queue_size, "maxShards": store.shards}
    target = {"url": store.url, **access, **headers, "queueConfig": queue}
    return {"prometheus": {"prometheusSpec": {"remoteWrite": [target]}}}
