"""nginx twice: as the upstream that answers everything alike, and as the plain reverse proxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from tests.bench.programs import Programs, free_port, running, wait_listening

SIZES = {"/200B": 200, "/10kB": 10_000, "/1MB": 1_000_000}
"""The upstream's endpoints, and how many bytes each answers with."""

_ANSWER = (
    '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"%s"}],"isError":false}}'
)
_LINE = (
    r"    return {\"status\": \"ok\", \"value\": 42}  # one line of a file, as a tool reads it\n"
)

_FRAME = """
daemon off;
master_process off;
pid {folder}/{name}.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/{name}-body;
  proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-fastcgi;
  uwsgi_temp_path {folder}/{name}-uwsgi;
  scgi_temp_path {folder}/{name}-scgi;
  client_max_body_size 64m;
  {body}
}}
"""

# A static file answers a POST with 405, hence the detour. The same server takes OTLP, so that
# pushing has somewhere to go that costs next to nothing, and opens sessions of unique ids.
_UPSTREAM = """
  sendfile on;
  open_file_cache max=16;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
    default_type application/json;
    error_page 405 =200 $uri;
    location /v1/ {{ return 200; }}
    location /session {{ add_header Mcp-Session-Id $request_id; return 200 '{initialized}'; }}
  }}
"""
_INITIALIZED = (
    '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
)

_PROXY = """
  upstream mcp {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


def answer(size: int) -> str:
    """A tool's answer of so many bytes: one text, such as a file that was read."""
    room = size - len(_ANSWER % "")
    text = _LINE * (room // len(_LINE))
    return _ANSWER % text.ljust(room, ".")


@contextmanager
def upstream(programs: Programs, folder: Path) -> Iterator[int]:
    """The port of the server that all subjects stand in front of."""
    port = free_port()
    for path, size in SIZES.items():
        (folder / path[1:]).write_text(answer(size))
    body = _UPSTREAM.format(port=port, folder=folder, initialized=_INITIALIZED)
    config = _write(folder, "upstream", body)
    command = programs.on_load_core(programs.nginx, "-c", str(config), "-p", str(folder))
    with running(command, {}) as process:
        wait_listening(process, port)
        yield port


@contextmanager
def reverse_proxy(
    programs: Programs, folder: Path, upstream_port: int
) -> Iterator[tuple[Popen[str], int]]:
    """A plain reverse proxy: its process and port."""
    port = free_port()
    config = _write(folder, "proxy", _PROXY.format(port=port, upstream=upstream_port))
    command = programs.on_tested_core(programs.nginx, "-c", str(config), "-p", str(folder))
    with running(command, {}) as process:
        wait_listening(process, port)
        yield process, port


def _write(folder: Path, name: str, body: str) -> Path:
    path = folder / f"{name}.conf"
    path.write_text(_FRAME.format(folder=folder, name=name, body=body))
    return path
