"""nginx twice: as the upstream that answers everything alike, and as the plain reverse proxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

from tests.bench.programs import Programs, free_port, running, wait_listening

ANSWER = (
    '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hello, world"}],'
    '"isError":false}}'
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

# The same server takes OTLP, so that pushing has somewhere to go that costs next to nothing.
_UPSTREAM = """
  server {{
    listen 127.0.0.1:{port};
    location /v1/ {{ return 200; }}
    location / {{ default_type application/json; return 200 '{answer}'; }}
  }}
"""

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


@contextmanager
def upstream(programs: Programs, folder: Path) -> Iterator[int]:
    """The port of the server that all subjects stand in front of."""
    port = free_port()
    body = _UPSTREAM.format(port=port, answer=ANSWER)
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
