"""The trace of one exchange, as a value that a call can carry."""

from typing import Final

from .context import TraceContext


class Trace:
    """The trace of one exchange. All ids are 0 while nothing is traced.

    `traceparent` and `tracestate` are what the upstream gets, in the header and in
    `_meta`; empty if nothing. Unless `sampled`, that is the caller's own context or a root that
    was decided against, so a message that carries a context already may travel on untouched.
    """

    __slots__ = (
        "client_span_id",
        "link",
        "parent",
        "sampled",
        "server_span_id",
        "trace_id",
        "traceparent",
        "tracestate",
    )

    def __init__(
        self,
        trace_id: int,
        server_span_id: int,
        client_span_id: int,
        sampled: bool,
        traceparent: str,
        tracestate: str,
        parent: TraceContext | None,
        link: TraceContext | None,
    ) -> None:
        self.trace_id = trace_id
        self.server_span_id = server_span_id
        self.client_span_id = client_span_id
        self.sampled = sampled
        self.traceparent = traceparent
        self.tracestate = tracestate
        self.parent = parent
        self.link = link

    def __repr__(self) -> str:
        return f"<Trace {self.trace_id:032x} sampled={self.sampled}>"

    @property
    def exemplar(self) -> tuple[int, int]:
        """Trace and span id for the ledger: zeros unless sampled."""
        return (self.trace_id, self.server_span_id) if self.sampled else (0, 0)


UNTRACED: Final = Trace(0, 0, 0, False, "", "", None, None)
"""Of every exchange that has no context and gets none."""
