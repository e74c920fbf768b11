"""Encoded telemetry on its way out: what fits, what makes a batch, and what is lost."""

from proxy.telemetry.batch_queue import BatchQueue


def test_what_does_not_fit_is_counted_and_the_rest_is_kept() -> None:
    lost: list[int] = []
    queue = BatchQueue(5, 5, lost.append)
    for items in (2, 2, 2, 1):
        if queue.admits(items):
            queue.append(items, b"")
    assert (len(queue), lost) == (5, [2])


def test_batches_keep_the_order_and_leave_nothing_behind() -> None:
    queue = BatchQueue(100, 3, lambda count: None)
    for number in range(4):
        queue.append(2, bytes((number,)))
    queue.append(1, b"last")
    assert list(iter(queue.drain, None)) == [
        (2, [b"\0"]),
        (2, [b"\1"]),
        (2, [b"\2"]),
        (3, [b"\3", b"last"]),
    ]
    assert len(queue) == 0


def test_a_full_batch_is_reported() -> None:
    queue = BatchQueue(100, 3, lambda count: None)
    full: list[int] = []
    queue.on_batch = lambda: full.append(len(queue))
    for _ in range(4):
        queue.append(1, b"")
    assert full == [3, 4]
