"""The backlog keeps the newest messages within its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.upstreams.pending_messages import MOST_BYTES, MOST_MESSAGES, PendingMessages


def test_messages_are_taken_once_and_in_order() -> None:
    backlog = PendingMessages()
    assert [backlog.add(each) for each in (b"a", b"b")] == [0, 0]
    assert backlog.drain() == (b"a", b"b")
    assert backlog.drain() == ()


def test_the_oldest_are_lost_beyond_the_number() -> None:
    backlog = PendingMessages()
    lost = [backlog.add(b"%d" % number) for number in range(MOST_MESSAGES + 2)]
    assert sum(lost) == 2
    assert backlog.drain()[0] == b"2"


def test_a_message_beyond_the_size_is_lost_itself() -> None:
    backlog = PendingMessages()
    backlog.add(b"a")
    assert backlog.add(b"x" * (MOST_BYTES + 1)) == 2
    assert backlog.drain() == ()
    assert backlog.add(b"x" * MOST_BYTES) == 0


@given(st.lists(st.integers(0, MOST_BYTES), max_size=20))
def test_what_is_kept_and_what_is_lost_is_everything(sizes: list[int]) -> None:
    backlog = PendingMessages()
    lost = sum(backlog.add(bytes(size)) for size in sizes)
    kept = [len(each) for each in backlog.drain()]
    assert kept == sizes[lost:]
    assert sum(kept) <= MOST_BYTES
