"""`python -m proxy.compile FOLDER [NAME]`: a copy of the proxy with compiled hot modules.

mypyc makes them from the same typed source, so there is nothing else to maintain, and the plain
proxy needs no compiler. Run it inside FOLDER: `cd FOLDER && python -m proxy`. NAME is what the
package is called there, proxy if it is not given.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from mypyc.build import mypycify
from setuptools import Distribution

HOT = (
    "proxy/calls/call_log.py",
    "proxy/calls/client_request.py",
    "proxy/calls/recorder.py",
    "proxy/calls/session_clients.py",
    "proxy/calls/session_owners.py",
    "proxy/frontend/body_reader.py",
    "proxy/frontend/client_identifier.py",
    "proxy/frontend/dispatcher.py",
    "proxy/http/chunked.py",
    "proxy/http/client.py",
    "proxy/http/connection_limit.py",
    "proxy/http/head.py",
    "proxy/http/pool.py",
    "proxy/http/rejection.py",
    "proxy/http/request_policy.py",
    "proxy/http/response.py",
    "proxy/http/server.py",
    "proxy/http/sse.py",
    "proxy/in_flight.py",
    "proxy/jsonrpc/ambiguity.py",
    "proxy/jsonrpc/codec.py",
    "proxy/jsonrpc/depth.py",
    "proxy/jsonrpc/ids.py",
    "proxy/jsonrpc/members.py",
    "proxy/jsonrpc/ndjson.py",
    "proxy/jsonrpc/repair.py",
    "proxy/jsonrpc/trace_meta.py",
    "proxy/jsonrpc/truncated.py",
    "proxy/memory_budget.py",
    "proxy/outcome.py",
    "proxy/telemetry/batch_queue.py",
    "proxy/telemetry/caller_counts.py",
    "proxy/telemetry/capped_names.py",
    "proxy/telemetry/client_info.py",
    "proxy/telemetry/ledger.py",
    "proxy/telemetry/protobuf.py",
    "proxy/telemetry/tracing/context.py",
    "proxy/telemetry/tracing/sampler.py",
    "proxy/telemetry/tracing/spans.py",
    "proxy/telemetry/tracing/trace.py",
    "proxy/telemetry/tracing/tracer.py",
    "proxy/telemetry/vocabulary.py",
    "proxy/translation/server_messages.py",
    "proxy/translation/versions.py",
    "proxy/transports/stdio.py",
    "proxy/upstreams/cross_era/detection_wait.py",
    "proxy/upstreams/cross_era/era_router.py",
    "proxy/upstreams/cross_era/http_router.py",
    "proxy/upstreams/cross_era/legacy_bridge.py",
    "proxy/upstreams/early_stream.py",
    "proxy/upstreams/event_relay.py",
    "proxy/upstreams/passthrough.py",
    "proxy/upstreams/passthrough_exchange.py",
    "proxy/upstreams/pending_cancellations.py",
    "proxy/upstreams/pending_messages.py",
    "proxy/upstreams/responses.py",
    "proxy/upstreams/session_bridge.py",
    "proxy/upstreams/session_expiry.py",
    "proxy/upstreams/sessions.py",
)
"""What every call runs through. Compiled functions check that arguments are as annotated.

mypyc sets the rules for these modules: they define no Struct of msgspec, which reads types from
annotations, and no class that an interpreted one inherits from.
"""

_NO_CODE = shutil.ignore_patterns("__pycache__", "*.so", "Dockerfile*", "*.yaml")
_TYPING = ("--explicit-package-bases", "--disable-error-code=import-untyped")


def main() -> int:
    """Copy and compile; 2 if the folder is not named, or no C compiler is there."""
    if len(sys.argv) not in (2, 3):
        print("proxy.compile: name the folder to write to", file=sys.stderr)
        return 2
    compiler = os.environ.get("CC") or str(sysconfig.get_config_var("CC"))
    if shutil.which(compiler.split()[0]) is None:
        advice = "install a C compiler, or name one in CC"
        print(f"proxy.compile: {compiler!r} is not on PATH: {advice}", file=sys.stderr)
        return 2
    build(Path(sys.argv[1]), *sys.argv[2:])
    return 0


def build(folder: Path, package: str = "proxy") -> None:
    """Write the compiled proxy to `folder`/`package`, which is replaced."""
    source, target = Path(__file__).parent.resolve(), folder / package
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=_NO_CODE)
    os.chdir(folder)
    hot = [each.replace("proxy", package, 1) for each in HOT]
    modules = mypycify(
        [*_TYPING, *hot], opt_level="3", debug_level="0", group_name=f"{package}.hot"
    )
    command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
    command.inplace = True
    command.ensure_finalized()
    command.run()
    for each in ("build", ".mypy_cache"):
        shutil.rmtree(each)


if __name__ == "__main__":
    sys.exit(main())
