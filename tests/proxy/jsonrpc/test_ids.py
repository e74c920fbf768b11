"""Ids that are remembered after their calls."""

from proxy.jsonrpc import ids


def test_a_long_id_is_remembered_by_its_digest() -> None:
    assert ids.id_key("x" * 128) == "x" * 128
    long = "\ud800" * 3_000_000
    assert len(ids.id_key(long)) == 64
    assert ids.id_key(long) != ids.id_key(long + "x")


def test_of_unanswered_ids_the_latest_are_remembered() -> None:
    unanswered, long = ids.UnansweredIds(), "x" * 1000
    unanswered.add(long, "a")
    assert (unanswered.has(long, "a"), unanswered.has(long, "b")) == (True, False)
    for number in range(ids.MOST_UNANSWERED):
        unanswered.add(number)
    assert not unanswered.has(long, "a")
    assert (unanswered.has(0), unanswered.has("0")) == (True, False)
    unanswered.remove(0)
    assert not unanswered.has(0)
