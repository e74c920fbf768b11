"""Run a proxy before the server, and write what passes: the command."""

import asyncio
import logging
import signal
from collections.abc import Sequence

import uvloop

from lab.arguments import UsageError
from lab.load.find_target import require_reachable
from lab.record.options import Options, parse
from lab.record.output_file import OutputFile, created
from lab.record.recorder import Recorder
from lab.recording.recording_file import Header
from lab.recording.redaction import Redaction
from lab.stderr import say
from proxy import logs
from proxy.app.server import Server
from proxy.errors import SettingsError
from proxy.http.request_policy import SSE_PATH


async def _record(options: Options, out: OutputFile) -> None:
    """Record until a signal, or for `seconds`."""
    settings = options.settings
    redaction = Redaction(payloads=options.payloads)
    recorder = Recorder(out.write, redaction, is_stdio=settings.stdio)
    server = Server([settings], recorder.observe, lambda address: _report(options, address))
    out.on_error = server.stop
    if out.error is not None:
        return
    if options.seconds is not None:
        asyncio.get_running_loop().call_later(options.seconds, server.stop)
    await server.run()


def _report(options: Options, address: str) -> None:
    what = f"{options.target}, for the client on stdio"
    if address:
        base = f"http://{address}"
        urls = f"{base}{options.settings.path} or {base}{SSE_PATH.decode()}"
        what = f"let clients connect to {urls} instead of {options.target}"
    end = "Ctrl-C" if options.seconds is None else f"{options.seconds:g} s or Ctrl-C"
    say(f"record: {what}; until {end}")


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0, or 2 for a usage error or a file that cannot be written."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        options = parse(arguments)
        if options.url:
            require_reachable(options.url)
        header = Header(redacted=not options.payloads)
        logs.configure()
        logging.getLogger().setLevel(logging.WARNING)
        with (
            created(options.file, header, force=options.force) as out,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_record(options, out))
    except (UsageError, SettingsError) as mistake:
        say(f"record: {mistake}")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    if out.error is not None:
        say(f"record: {options.file}: cannot be written: {out.error.strerror}")
        return 2
    none = "" if out.sessions else "no client connected: "
    say(f"record: {none}{out.messages} messages of {out.sessions} sessions in {options.file}")
    return 0
