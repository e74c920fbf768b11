"""One `subscriptions/listen` of a modern client at a legacy server: what it receives, and how."""

from msgspec import Raw

from ..jsonrpc import methods
from ..jsonrpc.members import Fields, members_or_empty
from .request import mapping, notification, plain, result, text, with_meta

Honored = dict[str, object]


def wanted(filters: Raw | None, capabilities: Fields) -> Honored:
    """The part of a filter that a server with these capabilities honors."""
    asked = mapping(plain(filters))
    offers = {name: mapping(plain(value)) for name, value in capabilities.items()}
    honored: Honored = {
        name: True
        for name, capability in methods.LIST_CHANGES.values()
        if asked.get(name) is True and offers.get(capability, {}).get("listChanged") is True
    }
    uris = asked.get("resourceSubscriptions")
    if isinstance(uris, list) and offers.get("resources", {}).get("subscribe") is True:
        honored["resourceSubscriptions"] = [each for each in uris if isinstance(each, str)]
    return honored


class Subscription:
    """What a client listens for. `waiting` are URIs that the server has not yet agreed to."""

    def __init__(self, request_id: Raw, honored: Honored) -> None:
        self._id = request_id
        self._honored = honored
        self.waiting = set(self.uris)

    def __repr__(self) -> str:
        return f"<Subscription {self._honored} waiting={self.waiting}>"

    @property
    def uris(self) -> tuple[str, ...]:
        """The resources whose updates the client asked for."""
        found = self._honored.get("resourceSubscriptions", [])
        return tuple(found) if isinstance(found, list) else ()

    def confirm(self, uri: str, *, agreed: bool) -> bool:
        """The server responded for a resource; whether no other is awaited."""
        if uri not in self.waiting:
            return False
        self.waiting.discard(uri)
        if not agreed:
            self._honored["resourceSubscriptions"] = [each for each in self.uris if each != uri]
        return not self.waiting

    def acknowledged(self) -> bytes:
        """The first message on the stream."""
        params = {"_meta": {methods.SUBSCRIPTION_KEY: self._id}, "notifications": self._honored}
        return notification(methods.ACKNOWLEDGED, params)

    def select(self, method: str, message: Fields) -> bytes | None:
        """A change as a message on this stream; None if its client did not subscribe to it.

        An update may name a part of a resource that the client subscribed to.
        """
        if self.waiting:
            return None
        if method == methods.UPDATED:
            uri = text(members_or_empty(message, "params").get("uri"))
            if not any(uri.startswith(each) for each in self.uris):
                return None
        elif self._honored.get(methods.LIST_CHANGES[method][0]) is not True:
            return None
        return with_meta(message, "params", methods.SUBSCRIPTION_KEY, self._id)


def closure(request_id: Raw) -> bytes:
    """The response that closes a client's stream ("Graceful Closure")."""
    meta = {methods.SUBSCRIPTION_KEY: request_id}
    return result(request_id, {"resultType": "complete", "_meta": meta})
