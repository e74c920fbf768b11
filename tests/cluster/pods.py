"""The pods of a made-up cluster, and how much of it they use: pure functions of time."""

from dataclasses import dataclass

from lab.local.run_options import HTTP_SERVER, STDIO_SERVER
from stacks.charts import Namespace

NODE = "kind-control-plane"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of one container; `cores` and `bytes` are used, of twice as much at most."""

    namespace: str
    name: str
    uid: str
    container: str
    cores: float
    bytes: int

    def seconds(self, age: float) -> float:
        """CPU time after `age` seconds."""
        return self.cores * age


PODS = (
    Pod(Namespace.SERVERS, f"{HTTP_SERVER}-0", "6f1d0d8e-1", "proxy", 0.25, 60_000_000),
    Pod(Namespace.SERVERS, f"{STDIO_SERVER}-0", "6f1d0d8e-2", "proxy", 0.5, 90_000_000),
)
STRANGER = Pod("default", "postgres-0", "6f1d0d8e-3", "main", 1.0, 900_000_000)
"""No MCP server: no board may show it."""

EVERYONE = (*PODS, STRANGER)
