"""Whether a key had the same value last time, for many clients in bounded memory."""

from proxy.calls import last_values
from proxy.calls.last_values import LastValues


def test_a_value_is_the_same_if_the_last_one_of_its_key_was() -> None:
    values = LastValues()
    given = [(b"a", b"1"), (b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"a", b"1"), (b"b", b"1")]
    assert [values.replace("c", *each) for each in given] == [
        False, True, False, False, False, True,
    ]  # fmt: skip


def test_each_client_has_values_of_its_own_until_it_is_forgotten() -> None:
    values = LastValues()
    assert not values.replace("c", b"a", b"1")
    assert not values.replace("d", b"a", b"1")
    values.forget("c")
    assert not values.replace("c", b"a", b"1")
    assert values.replace("d", b"a", b"1")


def test_a_client_takes_less_than_200_bytes_and_its_latest_keys_are_remembered() -> None:
    values = LastValues()
    for number in range(1000):
        assert not values.replace("c", b"%d" % number, b"v" * number)
    [kept] = values._entries.values()
    assert kept.__sizeof__() < 200
    latest = range(1000 - last_values.MOST_KEYS, 1000)
    assert [values.replace("c", b"%d" % each, b"v" * each) for each in latest] == [True] * len(
        latest
    )
    assert not values.replace("c", b"0", b"")


def test_the_longest_unused_client_is_forgotten_for_one_more() -> None:
    values = LastValues()
    for number in range(last_values.MOST_CLIENTS):
        values.replace(f"{number}", b"a", b"1")
    assert values.replace("0", b"a", b"1")
    values.replace("one more", b"a", b"1")
    assert values.replace("0", b"a", b"1")
    assert not values.replace("1", b"a", b"1")


def test_long_names_of_clients_are_not_kept() -> None:
    values = LastValues()
    values.replace("x" * 1_000_000, b"a", b"1")
    [kept] = values._entries
    assert len(kept) < 200
    assert values.replace("x" * 1_000_000, b"a", b"1")
