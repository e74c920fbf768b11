"""Messages of one session keep the order that matters, though each takes its own connection."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.transports.send_queue import BACKLOG_LIMIT, OutgoingMessage, SendQueue

INITIALIZE = b'{"id":0,"method":"initialize"}'
NOTIFICATION = b'{"method":"notifications/x"}'
ANSWER = b'{"id":"s","result":{}}'
REQUEST = b'{"id":1,"method":"tools/call"}'


class Road:
    """A lane whose parcels arrive when the test says so."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []
        self.lane = SendQueue(self.sent.append)

    def send(self, *messages: bytes) -> None:
        for message in messages:
            assert self.lane.send(message, b"")

    @property
    def messages(self) -> list[bytes]:
        return [each.message for each in self.sent]


def test_requests_do_not_wait_for_each_other() -> None:
    road = Road()
    road.send(REQUEST, REQUEST, REQUEST)
    assert road.messages == [REQUEST] * 3


def test_nothing_overtakes_what_expects_no_answer() -> None:
    for first in (NOTIFICATION, ANSWER, INITIALIZE):
        road = Road()
        road.send(REQUEST, first, REQUEST, NOTIFICATION, REQUEST)
        assert road.messages == [REQUEST, first]
        road.lane.delivered(road.sent[1])
        assert road.messages == [REQUEST, first, REQUEST, NOTIFICATION]
        road.lane.delivered(road.sent[0])
        road.lane.delivered(road.sent[3])
        assert road.messages[-1] == REQUEST


def test_a_server_that_takes_nothing_is_not_sent_more_than_the_limit() -> None:
    road = Road()
    long = b'{"id":1,"method":"%b"}' % (b"x" * BACKLOG_LIMIT)
    assert road.lane.send(long, b"")
    assert not road.lane.send(REQUEST, b"")
    road.lane.delivered(road.sent[0])
    assert road.lane.send(REQUEST, b"")


@given(
    st.lists(st.sampled_from([NOTIFICATION, REQUEST, INITIALIZE]), max_size=20),
    st.randoms(use_true_random=False),
)
def test_whatever_arrives_when_everything_is_sent_once_and_in_order(
    messages: list[bytes], random: st.DrawFn
) -> None:
    road = Road()
    road.send(*messages)
    open_parcels: list[OutgoingMessage] = []
    seen = 0
    while len(road.sent) > seen or open_parcels:
        open_parcels += road.sent[seen:]
        seen = len(road.sent)
        first = [each for each in open_parcels if each.blocks_later]
        assert len(first) <= 1
        assert not first or road.sent[-1] is first[0]
        open_parcels.remove(outgoing := random.choice(open_parcels))  # type: ignore[attr-defined]
        road.lane.delivered(outgoing)
    assert road.messages == messages
