"""Messages in the log, on request, with secrets redacted and cut to a length.

What cannot be read as JSON is never shown, only how long it is: it could not be searched for
secrets. So nothing is logged that did not pass `Redactor.shown`.
"""

import logging
import re
from typing import Any

import msgspec

from ..http.interfaces import Client, RequestHandler
from ..http.request_policy import RequestInfo
from ..http.sse import Event
from .message_tap import LONGEST, ExchangeObserver, MessageTap

LOG = logging.getLogger("proxy.payloads")

SECRETS = (
    "auth", "bearer", "cookie", "credential", "jwt", "key", "pass", "pwd", "secret", "token",
)  # fmt: skip
"""Fields whose name contains one of these are always hidden, whatever else is asked for."""
HIDDEN = "[hidden]"

_SCHEMES = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE)
# User name and password of a URL; and a value with its name, as in a query or an environment.
_USER = re.compile(r"://[^\s/]*@")
_NAMED = re.compile(r"(?<![\w.-])([\w.-]+)=([^\s&;#\"']+)")
# The same as people and JSON within a text write it, up to the end of the line or of the value.
_TOLD = re.compile(
    rf"(?<![\w.-])([\w.-]{{0,40}}(?:{'|'.join(SECRETS)})[\w.-]{{0,40}})"
    r"([\\\"']*\s{0,8}:\s{0,8}[\\\"']*)([^\n,\"'}\\]+)",
    re.IGNORECASE,
)
# Words that contain one of SECRETS and are not secret.
_HARMLESS = re.compile(r"author(?!i[sz])|pass(?=ed|es|ing|age|enger|ive|port)")
_FILLERS = re.compile(r"[^a-z0-9]")


class Redactor:
    """Tells what of a message may be logged: at most `most` characters of it."""

    def __init__(self, most: int, names: tuple[str, ...] = ()) -> None:
        self.most = most
        self._names = tuple(filter(None, map(_plain, names)))

    def redacted(self, data: bytes) -> str:
        """The message, its hidden fields replaced; "" if it cannot be read."""
        if len(data) > LONGEST:
            return ""
        try:
            text = msgspec.json.encode(self.redact(msgspec.json.decode(data))).decode()
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return ""
        return text if len(text) <= self.most else f"{text[: self.most]}..."

    def redact(self, value: Any) -> Any:
        """A JSON value, its hidden fields replaced. Raises RecursionError."""
        if isinstance(value, dict):
            hidden = ("value",) if self._is_named_secret(value) else ()
            return {
                self._redact_text(name): HIDDEN
                if name in hidden or self._is_secret(name)
                else self.redact(each)
                for name, each in value.items()
            }
        if isinstance(value, list):
            return [self.redact(each) for each in value]
        return self._redact_text(value) if isinstance(value, str) else value

    def _redact_text(self, text: str) -> str:
        """A text without credentials in the forms of HTTP, URLs and environments."""
        text = _USER.sub(f"://{HIDDEN}@", _SCHEMES.sub(rf"\1 {HIDDEN}", text))
        text = _TOLD.sub(
            lambda found: (
                f"{found[1]}{found[2]}{HIDDEN}" if self._is_secret(found[1]) else found[0]
            ),
            text,
        )
        return _NAMED.sub(
            lambda found: f"{found[1]}={HIDDEN}" if self._is_secret(found[1]) else found[0], text
        )

    def _is_named_secret(self, pair: dict[Any, Any]) -> bool:
        """Whether it is an object with a secret's name and value, as in lists of variables."""
        names = (pair.get("name"), pair.get("key"))
        return any(isinstance(each, str) and self._is_secret(each) for each in names)

    def _is_secret(self, name: str) -> bool:
        plain = _plain(name)
        remaining = _HARMLESS.sub("", plain)
        return any(each in remaining for each in SECRETS) or any(
            each in plain for each in self._names
        )


class PayloadLogger(MessageTap):
    """Logs the messages to and from another RequestHandler."""

    def __init__(self, within: RequestHandler, redactor: Redactor) -> None:
        super().__init__(within, self._log_request)
        self._redactor = redactor

    def _log_request(self, client: Client, info: RequestInfo, body: bytes) -> ExchangeObserver:
        _log("request", body, self._redactor)
        return _ResponseLogger(self._redactor)


class _ResponseLogger(ExchangeObserver):
    """Logs the messages of a response; of a long one only the size."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def on_body(self, body: bytes, length: int) -> None:
        _log("answer", body, self._redactor, length)

    def on_event(self, event: Event) -> None:
        _log("event", b"" if event.length else event.data, self._redactor, event.length)

    def on_head(self, head: bytes) -> None:
        """Not logged."""

    def on_end(self) -> None:
        """Not logged."""


def _log(direction: str, data: bytes, redactor: Redactor, size: int = 0) -> None:
    """One line; `size` is that of a message which is too long to be in `data`."""
    if not (data or size):
        return
    shown: dict[str, object] = {"direction": direction, "bytes": size or len(data)}
    message = redactor.redacted(data)
    LOG.info("payload", extra={"fields": {**shown, "message": message} if message else shown})


def _plain(name: str) -> str:
    return _FILLERS.sub("", name.lower())
