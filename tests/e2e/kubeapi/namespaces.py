"""The part of the namespace controller that the tests need: let empty namespaces go.

Unlike the real controller it deletes nothing but events, which the API server's own controllers
write: a terminating namespace with something else in it stays, with the condition that the real
one sets, so that what a program forgot to delete is noticed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from tests.e2e.kubeapi.client import ApiError, Client
from tests.e2e.kubeapi.inventory import BOOKKEEPING

LOOK_SECONDS = 0.1
CONDITION = "NamespaceContentRemaining"


@contextlib.contextmanager
def finalizing(client: Client) -> Iterator[None]:
    """Let namespaces that are terminating and empty go, until the block ends."""
    stopped = threading.Event()
    worker = threading.Thread(target=_work, args=(client, stopped), name="namespace-finalizer")
    worker.start()
    try:
        yield
    finally:
        stopped.set()
        worker.join()


def remaining(client: Client, namespace: str) -> list[str]:
    """What is in a namespace, as `Kind/name`; the API server's bookkeeping does not count."""
    return [
        f"{found.kind}/{item['metadata']['name']}"
        for found in client.listable_types()
        if found.namespaced and found.kind not in BOOKKEEPING
        for item in client.list_all(found, namespace=namespace)
    ]


def _work(client: Client, stopped: threading.Event) -> None:
    while not stopped.wait(LOOK_SECONDS):
        for namespace in client.request("GET", "/api/v1/namespaces")["items"]:
            if namespace["status"]["phase"] == "Terminating":
                _settle(client, namespace)


def _settle(client: Client, namespace: dict[str, Any]) -> None:
    path = f"/api/v1/namespaces/{namespace['metadata']['name']}"
    left = remaining(client, namespace["metadata"]["name"])
    with contextlib.suppress(ApiError):  # a conflict: it changed meanwhile, the next look decides
        if left:
            client.request("PUT", f"{path}/status", body=_with_condition(namespace, left))
        else:
            client.request("DELETE", f"{path}/events")
            namespace["spec"]["finalizers"] = []
            client.request("PUT", f"{path}/finalize", body=namespace)


def _with_condition(namespace: dict[str, Any], left: list[str]) -> dict[str, Any]:
    condition = {
        "type": CONDITION,
        "status": "True",
        "reason": "SomeResourcesRemain",
        "message": f"Some resources are remaining: {', '.join(left)}",
        # The condition is only ever read while the namespace is going.
        "lastTransitionTime": namespace["metadata"]["deletionTimestamp"],
    }
    return namespace | {"status": namespace["status"] | {"conditions": [condition]}}
