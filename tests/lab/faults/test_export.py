"""What is exported of faults, and that nothing is lost while it cannot be sent."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint

from lab.faults.export import SAMPLE_SECONDS, FaultExport, exported
from proxy.faults.injections import Injection
from tests.http_edge import Handler, serving
from tests.waiting import until

HANG = Injection("hang", "100%", "echo-http", 1.0)
MYSTERY = Injection("latency", "1s", "echo-http", 1.0, seed=7)
STOPPED = Injection("jaeger-stopped", "", "", 1.0)

Found = list[tuple[dict[str, str], int]]


class Store:
    """Takes requests once its status is 200."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: list[bytes] = []

    def samples(self) -> Found:
        """The labels and values of all that was taken, in order."""
        return [
            ({each.key: each.value.string_value for each in point.attributes}, point.as_int)
            for point in self._points()
        ]

    def times(self) -> list[int]:
        """Of the same, in nanoseconds."""
        return [point.time_unix_nano for point in self._points()]

    def _points(self) -> Iterator[NumberDataPoint]:
        for body in self.requests:
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        yield from metric.gauge.data_points


@contextmanager
def store() -> Iterator[tuple[str, Store]]:
    found = Store()

    class Taking(Handler):
        def do_POST(self) -> None:
            body = self.body()
            if found.status == 200:
                found.requests.append(body)
            self.answer(found.status, b"")

    with serving(Taking) as url:
        yield url, found


def test_a_fault_is_1_while_it_is_on_and_then_0() -> None:
    on = [HANG]
    with store() as (url, found):
        export = FaultExport(url, lambda: on)
        export.step()
        on.clear()
        export.step()
    labels = {"fault": "hang", "level": "100%", "server": "echo-http"}
    assert found.samples() == [(labels, 1), (labels, 0)]


def test_a_mystery_has_no_label_that_names_it_and_a_fault_of_the_pipeline_no_server() -> None:
    with store() as (url, found):
        FaultExport(url, lambda: [MYSTERY]).step()
        FaultExport(url, lambda: [STOPPED]).step()
    expected = [({"fault": each}, 1) for each in ("mystery", "jaeger-stopped")]
    assert found.samples() == expected


def test_samples_that_were_not_taken_are_sent_again_with_their_time() -> None:
    on = [HANG]
    with store() as (url, found):
        export = FaultExport(url, lambda: on)
        found.status = 503
        before = time.time_ns()
        export.step()
        assert found.requests == []
        on.clear()
        found.status = 200
        export.step()
    assert [value for _, value in found.samples()] == [1, 0]
    times = found.times()
    assert before - 1000 <= times[0] < times[1]


def test_between_its_start_and_its_end_a_fault_has_a_sample_a_second() -> None:
    with store() as (url, found):
        export = FaultExport(url, lambda: [HANG])

        def second() -> bool:
            export.step()
            return len(found.samples()) == 2

        until(second, seconds=30, what="a second sample")
        first, last = found.times()
        assert last - first >= SAMPLE_SECONDS * 10**9 - 1000


def test_nothing_is_sent_without_a_fault_or_to_where_no_server_listens() -> None:
    with store() as (url, found):
        FaultExport(url, list).step()
    assert found.requests == []
    FaultExport("http://127.0.0.1:1", lambda: [HANG]).step()


def test_faults_are_exported_until_the_block_is_left() -> None:
    with store() as (url, found), exported(url, lambda: [HANG]):
        until(lambda: len(found.samples()) >= 2, seconds=30, what="two samples")
