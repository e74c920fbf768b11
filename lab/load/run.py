"""Run load tests and give their results: the command."""

import asyncio
import resource
import signal
from collections.abc import Sequence

import uvloop

from lab.arguments import UsageError
from lab.load import load_test, output, plot, report
from lab.load.load_test import LoadTest, TargetError
from lab.load.metrics_export import check_endpoint
from lab.load.options import Options, parse
from lab.load.progress import Progress
from lab.load.result import Result
from lab.signals import ENDING
from lab.stderr import say


class Interrupts:
    """The first ending signal cancels the main task; the next one ends the program."""

    def __init__(self) -> None:
        self.number = 0

    def install(self) -> None:
        """Call this in the main task."""
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        for each in ENDING:
            self._loop.add_signal_handler(each, self._on_signal, each)

    def _on_signal(self, number: int) -> None:
        self.number = number
        for each in ENDING:
            self._loop.remove_signal_handler(each)
        self._task.cancel()


async def _run(options: Options, interrupts: Interrupts) -> list[Result]:
    """The results of all tests; of an interrupted one, that so far."""
    interrupts.install()
    results: list[Result] = []
    for test in options.tests:
        results.append(await _run_one(test))
        if results[-1].interrupted:
            break
    return results


async def _run_one(test: LoadTest) -> Result:
    progress = Progress()
    try:
        return await load_test.run(test, say, progress.show)
    finally:
        progress.end()


def _write(options: Options, results: Sequence[Result]) -> None:
    text = report.text(results)
    print(text, end="", flush=True)
    try:
        if options.out is not None:
            contents = {
                output.TEXT: text,
                output.CSV: report.as_csv(results),
                output.JSON: report.as_json(results),
                output.PLOT: plot.html(results, text),
            }
            output.write(options.out, contents)
    except OSError as wrong:
        raise UsageError(f"cannot write the results: {wrong}") from wrong


def allow_files() -> None:
    """As many open files as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0, 1 if a run is not valid, 2 for a usage error."""
    interrupts = Interrupts()
    try:
        options = parse(arguments)
        for url in {each.metrics for each in options.tests if each.metrics}:
            check_endpoint(url)
        allow_files()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            results = runner.run(_run(options, interrupts))
        _write(options, results)
    except (UsageError, TargetError) as mistake:
        say(f"load: {mistake}")
        return 2
    except OSError as wrong:
        say(f"load: {wrong}")
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("load: ended before there was a result")
        return 128 + (interrupts.number or signal.SIGINT)
    if interrupts.number:
        return 128 + interrupts.number
    return 0 if all(each.valid for each in results) else 1
