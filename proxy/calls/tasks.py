"""Tools that run as tasks: such a call is over when its task is, not when the server took it on.

MCP 2025-11-25, "Tasks": the server answers `tools/call` at once with a task. Later its client asks
for the task's status (`tasks/get`, `tasks/cancel`) and for its result (`tasks/result`).
"""

from dataclasses import dataclass

from ..in_flight import Call, Finished
from ..jsonrpc.methods import TASKS_RESULT, TOOLS_CALL
from ..outcome import CANCELLED, OK, TOOL_ERROR, CallOutcome
from ..telemetry.catalogue import Outcome
from ..telemetry.client_info import ClientInfo
from ..telemetry.ledger import Ledger
from ..telemetry.vocabulary import cut

MOST_TASKS = 10_000
"""Tasks that are followed; one more replaces the one that was inactive for longest."""
LONGEST_NAME = 256
"""Characters of a task's id, and of its session's; a task with longer ones is not followed."""
SILENT_SECONDS = 3600.0
"""How long an inactive task is followed."""

_NO_SUCH_TASK = "-32602"
"""What a server answers that does not know, or no longer knows, the task."""
_ENDS = {"failed": TOOL_ERROR, "cancelled": CANCELLED}
"""The outcome of a call by the status of its task; a result may refine that of `completed`."""


@dataclass(slots=True)
class _Task:
    """A call whose task goes on. `seconds` is how long it took until it was added, or ended."""

    client: ClientInfo
    principal: str
    tool: str
    status: int
    version: str
    started: float
    seconds: float
    overhead: float
    exemplar: tuple[int, int]
    last_activity: float
    ended: bool = False
    counted: bool = False


class Tasks:
    """Tasks by session and id, the longest silent first; reports the outcome of each to the ledger.

    A task whose end is not seen counts as its call was answered: as ok, timed to that answer.
    """

    __slots__ = ("_ledger", "_tasks")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._tasks: dict[tuple[str, str], _Task] = {}

    def __repr__(self) -> str:
        return f"<Tasks {len(self._tasks)}>"

    def add(self, call: Call, status: int, seconds: float, overhead: float, now: float) -> bool:
        """The server answered a call by a task: whether it is counted here, once that is over."""
        key = call.session, call.task
        if max(map(len, key)) > LONGEST_NAME:
            return False
        if key in self._tasks or len(self._tasks) >= MOST_TASKS:
            self._forget(key if key in self._tasks else next(iter(self._tasks)))
        tool, version = cut(call.name), cut(call.version)
        self._tasks[key] = _Task(
            call.client,
            call.principal,
            tool,
            status,
            version,
            call.started,
            seconds,
            overhead,
            call.trace.exemplar,
            now,
        )
        self._update(self._tasks[key], call.task_status, now)
        return True

    def follow(self, finished: Finished, now: float) -> Finished:
        """A request about a task was answered: the outcome of that request.

        Delivering an error is not an error: that outcome is the tool's.
        """
        call, outcome = finished.call, finished.outcome
        task = self._tasks.pop((call.session, call.task), None)
        if task is None:
            return finished
        self._tasks[call.session, call.task] = task
        task.last_activity = now
        if call.method != TASKS_RESULT:
            self._update(task, call.task_status, now)
            return finished
        kind = outcome.outcome
        if kind is Outcome.PROTOCOL_ERROR and outcome.error_type == _NO_SUCH_TASK:
            return finished
        if kind not in (Outcome.OK, Outcome.TOOL_ERROR, Outcome.PROTOCOL_ERROR):
            return finished
        self._end(task, outcome, now)
        return Finished(call, OK)

    def tool(self, call: Call) -> str:
        """The tool whose task a request is about; "" if it is not known."""
        task = self._tasks.get((call.session, call.task))
        return "" if task is None else task.tool

    def tick(self, now: float) -> None:
        """Give up tasks that were inactive for long."""
        while self._tasks:
            key, task = next(iter(self._tasks.items()))
            if now - task.last_activity <= SILENT_SECONDS:
                return
            self._forget(key)

    def close(self) -> None:
        """Count what is left."""
        for key in tuple(self._tasks):
            self._forget(key)

    def _update(self, task: _Task, status: str, now: float) -> None:
        if status == "completed":
            self._time(task, now)
        elif status in _ENDS:
            self._end(task, _ENDS[status], now)

    def _time(self, task: _Task, now: float) -> None:
        if not task.ended:
            task.ended = True
            task.seconds = now - task.started

    def _end(self, task: _Task, outcome: CallOutcome, now: float) -> None:
        self._time(task, now)
        self._count(task, outcome)

    def _forget(self, key: tuple[str, str]) -> None:
        self._count(self._tasks.pop(key), OK)

    def _count(self, task: _Task, outcome: CallOutcome) -> None:
        if not task.counted:
            task.counted = True
            self._ledger.record(
                TOOLS_CALL,
                task.tool,
                "POST",
                task.status,
                *outcome,
                task.version,
                task.seconds,
                task.overhead,
                *task.exemplar,
            )
            self._ledger.record_caller(task.client, task.principal, task.tool, outcome.outcome)
