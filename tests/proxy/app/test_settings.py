"""Settings: a flag wins over its variable, and what cannot be is one error."""

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.app.options import OPTIONS, Option
from proxy.app.server_settings import HttpServer, StdioServer
from proxy.app.settings import Settings, parse
from proxy.errors import SettingsError
from proxy.http.allowed_hosts import NONE_ALLOWED
from proxy.users import user
from proxy.values import Address

UPSTREAM = ("--upstream", "http://127.0.0.1:9000/mcp")


def read(*arguments: str, **environment: str) -> Settings:
    return parse(arguments, environment)


def test_defaults_bind_to_loopback() -> None:
    settings = read(*UPSTREAM)
    assert settings.listen == Address("127.0.0.1", 8080)
    assert settings.metrics_listen == Address("127.0.0.1", 9464)
    assert (settings.drain_timeout, settings.body_limit) == (30.0, 4 * 1024 * 1024)
    assert (settings.max_connections, settings.connection_idle) == (1000, 120.0)
    assert settings.telemetry.server == "mcp-server"
    assert settings.telemetry.traces is None
    assert settings.allowed_origins == settings.allowed_hosts == NONE_ALLOWED


def test_a_flag_wins_over_its_variable() -> None:
    variables = {"MCP_PROXY_LISTEN": "0.0.0.0:1", "MCP_PROXY_DRAIN_TIMEOUT": "5"}
    settings = read(*UPSTREAM, "--listen", "[::1]:2", **variables)
    assert settings.listen == Address("::1", 2)
    assert str(settings.listen) == "[::1]:2"
    assert settings.drain_timeout == 5.0


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://a/", "a", 80, "/"),
        ("https://a", "a", 443, "/"),
        ("http://[::1]:9/x/mcp", "::1", 9, "/x/mcp"),
    ],
)
def test_an_upstream_url_says_where_to_connect(url: str, host: str, port: int, path: str) -> None:
    server = read("--upstream", url).server
    assert isinstance(server, HttpServer)
    assert (server.host, server.port, server.path) == (host, port, path)


@pytest.mark.parametrize(
    ("flags", "transport"),
    [
        (("http://a/sse",), "sse"),
        (("http://a/x/sse/?key=1",), "sse"),
        (("http://a/sse", "--upstream-transport", "streamable-http"), "streamable-http"),
        (("http://a/mcp", "--upstream-transport", "auto"), "streamable-http"),
        (("http://a/sse/mcp",), "streamable-http"),
        (("http://a/mcp?x=/sse",), "streamable-http"),
        (("http://a/ssex",), "streamable-http"),
        (("http://a",), "streamable-http"),
    ],
)
def test_the_transport_is_guessed_from_the_url(flags: tuple[str, ...], transport: str) -> None:
    server = read("--upstream", *flags).server
    assert isinstance(server, HttpServer)
    assert server.transport == transport


def test_an_sse_server_is_served_at_the_proxys_own_path() -> None:
    server = read("--upstream", "http://a/x/sse", "--upstream-transport", "sse").server
    assert isinstance(server, HttpServer)
    assert (server.transport, server.path, server.log_name) == ("sse", "/mcp", "http://a/x/sse")


def test_only_a_commands_process_can_be_shared() -> None:
    server = read("--stdio-sharing", "on", "--", "sh").server
    assert isinstance(server, StdioServer)
    assert server.shared
    with pytest.raises(SettingsError, match="^--stdio-sharing on is of no use with --upstream"):
        read(*UPSTREAM, "--stdio-sharing", "on")


@pytest.mark.parametrize("flag", [("--env", "A=1"), ("--cwd", "/"), ("--child-user", "root")])
def test_what_only_a_process_has_is_of_no_use_with_a_url(flag: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match=f"^{flag[0]} is of no use with --upstream"):
        read(*UPSTREAM, *flag)


def test_on_stdio_there_is_no_token_and_any_port_for_metrics() -> None:
    assert not read(*UPSTREAM).stdio
    settings = read("--stdio", *UPSTREAM)
    assert (settings.stdio, settings.metrics_listen) == (True, Address("127.0.0.1", 0))
    asked = ("--metrics-listen", "127.0.0.1:1")
    assert read(*UPSTREAM, *asked, MCP_PROXY_STDIO="on").metrics_listen.port == 1
    assert read("--stdio", "--", "sh", "--stdio").stdio
    with pytest.raises(SettingsError, match="^--stdio: the program that starts the proxy can show"):
        read("--stdio", *UPSTREAM, MCP_PROXY_BEARER_TOKEN="0123456789abcdef")
    with pytest.raises(SettingsError, match="^--stdio: 'x' is not allowed: use on or off"):
        read("--stdio", "x", *UPSTREAM)


def test_a_process_gets_no_setting_and_no_secret_of_the_proxy() -> None:
    own = {
        "MCP_PROXY_BEARER_TOKEN": "0123456789abcdef",
        "MCP_PROXY_LISTEN": "127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=secret",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=secret",
    }
    passed = {"HOME": "/x", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_SERVICE_NAME": "s"}
    settings = read("--", "sh", **own, **passed)
    assert isinstance(settings.server, StdioServer)
    assert settings.server.environment == passed
    assert {*settings.secrets} == {*own} - {"MCP_PROXY_LISTEN"}


def test_variables_for_a_process_come_from_flags_or_lines_of_a_variable() -> None:
    flags = ("--env", "KEY=${TOKEN}", "--env", "KEY2=a=b")
    server = read(*flags, "--", "sh", TOKEN="t", KEY="inherited").server
    assert isinstance(server, StdioServer)
    assert server.environment == {"TOKEN": "t", "KEY": "t", "KEY2": "a=b"}
    lines = read("--", "sh", MCP_PROXY_ENV="A=${B}\n\nC=", B="b").server
    assert isinstance(lines, StdioServer)
    assert lines.environment == {"A": "b", "B": "b", "C": ""}


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        ("A", "--env: this value is not allowed: use NAME=VALUE"),
        ("=a", "--env: this value is not allowed"),
        ("A=${ABSENT}", "--env: A: the variable ABSENT is not set"),
        ("A=\0", "--env: this value is not allowed"),
    ],
)
def test_a_variable_that_cannot_be_given_is_refused(flag: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"^{reason}"):
        read("--env", flag, "--", "sh")


def test_a_command_is_looked_up_where_its_process_will_look(tmp_path: Path) -> None:
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.touch(0o755)
    for arguments in (
        ("--cwd", str(tmp_path), "--", "bin/tool"),
        ("--env", f"PATH={tool.parent}", "--", "tool"),
    ):
        server = read(*arguments).server
        assert isinstance(server, StdioServer)
        assert server.command == (str(tool),)


def test_an_unused_session_with_a_process_of_its_own_ends_after_minutes() -> None:
    assert read("--", "sh").session_idle == 300
    assert read("--stdio-sharing", "on", "--", "sh").session_idle == 3600
    assert read(*UPSTREAM).session_idle == 3600
    assert read("--session-idle", "7", "--", "sh").session_idle == 7


def test_a_process_runs_as_another_user_only_where_the_proxy_is_root() -> None:
    if os.geteuid():
        with pytest.raises(SettingsError, match="^--child-user: 'root' cannot be: only root"):
            read("--child-user", "root", "--", "sh")
    else:
        server = read("--child-user", "nobody", "--", "sh", HOME="/root").server
        assert isinstance(server, StdioServer)
        assert server.user == user("nobody")
        assert server.environment["USER"] == server.environment["LOGNAME"] == "nobody"
        assert server.environment["HOME"] == user("nobody").home
    with pytest.raises(SettingsError, match="^--child-user: 'no one' is not allowed"):
        read("--child-user", "no one", "--", "sh")


def test_a_commands_transport_is_no_choice() -> None:
    with pytest.raises(SettingsError, match="^--upstream-transport sse and the command 'sh' are"):
        read("--upstream-transport", "sse", "--", "sh")


def test_a_command_keeps_its_own_flags() -> None:
    server = read("--", sys.executable, "--listen", "--", "x").server
    assert server == StdioServer((sys.executable, "--listen", "--", "x"), {})
    assert server.path == "/mcp"


def test_a_command_is_looked_up_on_the_path() -> None:
    server = read("--", "sh").server
    assert isinstance(server, StdioServer)
    assert server.command[0].startswith("/")


@pytest.mark.parametrize(
    ("arguments", "variables", "server"),
    [
        (("--server-name", "a"), {"OTEL_SERVICE_NAME": "b"}, "a"),
        ((), {"MCP_PROXY_SERVER_NAME": "a", "OTEL_SERVICE_NAME": "b"}, "a"),
        ((), {"OTEL_SERVICE_NAME": "b", "OTEL_RESOURCE_ATTRIBUTES": "service.name=c"}, "b"),
        ((), {"OTEL_RESOURCE_ATTRIBUTES": "service.name=c"}, "c"),
    ],
)
def test_the_servers_name_has_an_order_of_sources(
    arguments: tuple[str, ...], variables: dict[str, str], server: str
) -> None:
    assert parse((*UPSTREAM, *arguments), variables).telemetry.server == server


TEXTS = (
    *("server_name", "only", "jwt_issuer", "jwt_audience", "principal_claim", "redact"),
    "fault_injection",
)
"""Options whose values are any text, or the path of a file that need not exist."""


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: str(option.flag))
def test_every_option_may_be_a_variable_and_refuses_nonsense_by_that_name(option: object) -> None:
    assert option in OPTIONS
    chosen = next(each for each in OPTIONS if each is option)
    if chosen.name in TEXTS:
        return
    shown = "this value" if chosen.secret or chosen.private else "'~'"
    with pytest.raises(SettingsError, match=f"^{chosen.variable}: {shown} is not allowed: use "):
        read(*(() if chosen.name == "upstream" else UPSTREAM), **{chosen.variable: "~"})


def test_lists_are_split_at_commas() -> None:
    settings = read(*UPSTREAM, "--redact", "a, b,")
    assert settings.redact == ("a", "b")


MISTAKES: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    ((), {}, "--upstream"),
    (("--upstream", "ftp://x/mcp"), {}, "--upstream: 'ftp://x/mcp'"),
    (("--upstream", "http://"), {}, "--upstream: 'http://'"),
    (("--upstream", "http://x:99999/"), {}, "--upstream: 'http://x:99999/'"),
    (("--upstream", ""), {}, "--upstream: ''"),
    (("--upstream", "http://x/", "--", "true"), {}, "'true' are both given"),
    (("--", "/no/such/command"), {}, "'/no/such/command'"),
    (("--",), {}, "no command follows"),
    (("--bogus",), {}, "--bogus"),
    (("surplus", "--", "true"), {}, "surplus"),
    (("--listen", "8080", "--", "true"), {}, "--listen: '8080'"),
    (("--listen", "127.0.0.1:70000", "--", "true"), {}, "--listen: '127.0.0.1:70000'"),
    (("--upstream-timeout", "nan", "--", "true"), {}, "--upstream-timeout: 'nan'"),
    (("--upstream-timeout", "0", "--", "true"), {}, "--upstream-timeout: '0'"),
    (("--body-limit", "-1", "--", "true"), {}, "--body-limit"),
    (("--depth-limit", "401", "--", "true"), {}, "from 1 to 400"),
    ((), {"MCP_PROXY_COMMAND": "[]"}, "MCP_PROXY_COMMAND: this value"),
    ((), {"MCP_PROXY_COMMAND": r'["sh", "\u0000"]'}, "MCP_PROXY_COMMAND: "),
    ((), {"MCP_PROXY_COMMAND": r'["sh", "\ud800"]'}, "MCP_PROXY_COMMAND: "),
    (("--", "true"), {"MCP_PROXY_LISTNE": "x"}, "MCP_PROXY_LISTNE"),
    ((*UPSTREAM, "--upstream-ca", __file__), {}, f"--upstream-ca: '{__file__}'"),
]


@pytest.mark.parametrize(("arguments", "variables", "named"), MISTAKES)
def test_a_mistake_is_one_line_that_names_the_setting(
    arguments: tuple[str, ...], variables: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(arguments, {"PATH": os.environ["PATH"], **variables})
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)


@given(st.sampled_from(OPTIONS), st.text(st.characters(exclude_characters="\0"), max_size=20))
def test_any_text_is_a_value_or_one_line(option: Option, text: str) -> None:
    try:
        read(*(() if option.name == "upstream" else UPSTREAM), **{option.variable: text})
    except SettingsError as error:
        message = str(error)
    else:
        message = ""
    assert len(message.splitlines()) <= 1


@pytest.mark.parametrize("host", ["a" * 64, "a..b", f"{'a' * 64}.example"])
@pytest.mark.parametrize(
    "shape",
    ["--upstream=http://{}/mcp", "--listen={}:80", "OTEL_EXPORTER_OTLP_ENDPOINT=http://{}:4318"],
)
def test_a_host_that_no_name_can_be_is_refused(shape: str, host: str) -> None:
    name, _, value = shape.format(host).partition("=")
    flag = (name, value) if name.startswith("--") else ()
    with pytest.raises(SettingsError, match=f"^{name}: "):
        parse((*UPSTREAM, *flag), {} if flag else {name: value})


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("--listne", "x"), {}, "--listne: no such option (did you mean --listen? see --help;"),
        (("--xyzzy=x", "y"), {}, "--xyzzy: no such option (see --help; a server's command goes"),
        ((), {"MCP_PROXY_UPSTRAEM": "x"}, "such setting: did you mean MCP_PROXY_UPSTREAM? known"),
    ],
)
def test_what_is_not_known_may_mean_what_is(
    arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        parse(arguments, environment)


@pytest.mark.parametrize(
    ("arguments", "environment", "source"),
    [
        (("--server-name", "a`b"), {}, "--server-name"),
        ((), {"MCP_PROXY_SERVER_NAME": "a`b"}, "MCP_PROXY_SERVER_NAME"),
    ],
)
def test_a_servers_name_that_boards_cannot_select_is_refused(
    arguments: tuple[str, ...], environment: dict[str, str], source: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{source}: 'a`b' is not allowed: use a name without"):
        parse((*UPSTREAM, *arguments), environment)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--upstream", "http://user:s3cr3t@127.0.0.1:9/mcp"), "'http://...@127.0.0.1:9/mcp'"),
        (("--upstream", "ftp://a/mcp?key=s3cr3t"), "'ftp://a/mcp?...'"),
        ((*UPSTREAM, "--jwt-keys-url", "http://a/keys?key=s3cr3t"), "'http://a/keys?...'"),
        (("--upstream", "http://a/mcp?key=s3cr3t", "--", "sh"), "'http://a/mcp?...'"),
        (("--upstream", "http://a/mcp?key=s3cr3t", "--cwd", "/"), "'http://a/mcp?...'"),
        (("--bearer-token", "s3cr3t"), "--bearer-token: no such option"),
        (("http://a/mcp?key=s3cr3t",), "http://a/mcp?...: no such option"),
    ],
)
def test_an_error_shows_no_secret(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as refused:
        parse(arguments, {})
    assert "s3cr3t" not in str(refused.value)


def test_header_lines_are_named_with_values_from_the_environment() -> None:
    flags = ("--header", "Authorization=Bearer ${TOKEN}", "--header", "X-Team=a=b")
    server = read("--upstream", "http://a/mcp", *flags, TOKEN="s3cr3t\n").server
    assert isinstance(server, HttpServer)
    assert server.fixed == b"host: a\r\nAuthorization: Bearer s3cr3t\r\nX-Team: a=b\r\n"
    assert server.replaced == {b"authorization", b"x-team"}
    assert "s3cr3t" not in repr(server)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("Authorization: Bearer s3cr3t", "this value is not allowed: use NAME=VALUE"),
        ("s3cr3t", "this value is not allowed: use NAME=VALUE"),
        ("=s3cr3t", "this value is not allowed: use NAME=VALUE"),
        ("Host=s3cr3t", "Host is set by the proxy itself or by clients"),
        ("Mcp-Session-Id=s3cr3t", "Mcp-Session-Id is set by the proxy itself"),
        ("X-A=${ABSENT}", "X-A: the variable ABSENT is not set"),
        ("X-A=${SPLIT}", "X-A: its value is empty, or has characters"),
        ("X-A= ", "X-A: its value is empty, or has characters"),
        ("X-A=\u20ac", "X-A: its value is empty, or has characters"),
    ],
)
def test_a_header_line_that_cannot_be_one_is_refused_without_its_value(
    flag: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)) as raised:
        read("--upstream", "http://a/mcp", "--header", flag, SPLIT="a\r\ns3cr3t: b")
    assert "s3cr3t" not in str(raised.value)


def test_a_command_has_no_header_lines() -> None:
    with pytest.raises(SettingsError, match="^--header is of no use with a command"):
        read("--header", "X-A=s3cr3t", "--", "sh")


@pytest.mark.parametrize("path", ["", "/"])
def test_faults_are_in_a_file(path: str) -> None:
    with pytest.raises(SettingsError, match="^--fault-injection: '/?' is not allowed: use a file"):
        read(*UPSTREAM, "--fault-injection", path)
    assert read(*UPSTREAM, MCP_PROXY_FAULT_INJECTION="").fault_injection is None
