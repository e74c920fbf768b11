"""Clients of 2026-07-28 that wait until it is known which era an HTTP server speaks."""

from collections.abc import Callable, Coroutine
from time import perf_counter

from ...calls.client_request import CLIENT_CLOSED_REQUEST, ClientRequest, reject
from ...calls.recorder import CallRecorder
from ...errors import DuplicateRequest
from ...http.interfaces import ClientObserver
from ...in_flight import Finished
from ...outcome import CANCELLED, REJECTED, UNREACHABLE, CallOutcome
from .detector import EraDetector


class DetectionWaits:
    """All that wait for one server; `post` handles a message once the era is known."""

    def __init__(
        self,
        detector: EraDetector,
        recorder: CallRecorder,
        spawn: Callable[[Coroutine[None, None, None]], object],
        post: Callable[[ClientRequest], None],
    ) -> None:
        self._detector = detector
        self._recorder = recorder
        self._spawn = spawn
        self._post = post
        self._waiting: set[_DetectionWait] = set()

    def post(self, client_request: ClientRequest) -> None:
        """Handle a client's message, now or once the era is known."""
        if self._detector.modern is None:
            self._spawn(self._wait(client_request))
        else:
            self._post(client_request)

    def close(self) -> None:
        """Reject what waits, and end the detection."""
        for waiting in self._waiting:
            waiting.reject(503, "the proxy is shutting down", UNREACHABLE)
        self._detector.close()

    async def _wait(self, client_request: ClientRequest) -> None:
        waiting = _DetectionWait(client_request, self._recorder)
        self._waiting.add(waiting)
        info = client_request.info
        await self._detector.detect(info.forward + client_request.context, info.query)
        self._waiting.discard(waiting)
        if waiting.over:
            return
        waiting.finish()
        try:
            self._post(client_request)
        except DuplicateRequest as error:
            waiting.reject(400, str(error), REJECTED)


class _DetectionWait(ClientObserver):
    """The observer of a client that waits for the server's era to be found out."""

    def __init__(self, client_request: ClientRequest, recorder: CallRecorder) -> None:
        self.over = False
        self._began = perf_counter()
        self._request = client_request
        self._recorder = recorder
        client_request.client.attach(self)

    def finish(self) -> None:
        """Continue; the wait counts as time of the server."""
        for call in self._request.calls:
            call.queued_seconds = perf_counter() - self._began

    def reject(self, status: int, reason: str, outcome: CallOutcome) -> None:
        """Respond instead of the server."""
        self.over = True
        self.finish()
        reject(self._request, self._recorder, status, reason, outcome)

    def on_client_paused(self) -> None:
        pass

    def on_client_resumed(self) -> None:
        pass

    def on_client_gone(self) -> None:
        self.over = True
        self.finish()
        for call in self._request.calls:
            self._recorder.finish(Finished(call, CANCELLED), CLIENT_CLOSED_REQUEST, 0.0)
