"""The hops that the call itself takes: client, proxy, server, and the proxy's own count."""

import unicodedata

import requests

from dashboards.cli_text import cause
from lab.doctor.bearer_token import problem_of
from lab.doctor.call import CLIENT
from lab.doctor.examination import CALLS, Examination, Lost, count_on, values_on
from lab.http_page import read_page
from proxy.http.bearer import REALM
from proxy.telemetry.catalogue import CLIENT_CALLS

_REQUEST_SECONDS = 2.0
_ADVICE = {
    403: "call the proxy by an address in its --allowed-hosts, with a token of enough scope",
    404: "correct the path: MCP is at /mcp, or at the path of the server's URL",
    405: "correct the path: this is not an MCP endpoint",
    421: "call the proxy by an address in its --allowed-hosts",
    429: "end unused sessions, or raise the limit that the response names",
}


def client_to_proxy(given: Examination) -> str:
    """The proxy takes the call, even if it cannot reach the server."""
    given.note_counts()
    url = given.call.url
    try:
        answer = given.initialized = given.call.initialize()
    except requests.exceptions.SSLError as wrong:
        raise Lost(f"{url}: no TLS there: {cause(wrong)}", "write http:// instead") from wrong
    except requests.ConnectionError as wrong:
        fix = "start the proxy, or correct the port; where something ends TLS, write https://"
        raise Lost(f"{url}: {cause(wrong)}", fix) from wrong
    except requests.RequestException as wrong:
        if url.startswith("https:"):
            raise Lost(f"{url}: no TLS there: {cause(wrong)}", "write http:// instead") from wrong
        return "connected"  # The next check finds out why there is no response.
    if answer.status == 401:
        _explain_unauthorized(given, answer.error, answer.challenge)
    elif answer.error and answer.status < 500:
        fix = _ADVICE.get(answer.status, "give the URL of an MCP endpoint: /mcp at the proxy")
        raise Lost(f"{url}: {answer.error}", fix)
    return f"{url} responds"


def _explain_unauthorized(given: Examination, saw: str, challenge: str) -> None:
    """Raise Lost if the proxy itself asks for a token; a server's 401 is of the next hop."""
    if REALM not in challenge:
        return
    token = given.call.token
    wrong = problem_of(token) if token else ""
    raise Lost(
        f"{given.call.url}: {saw}{'; ' if wrong else ''}{wrong}",
        "get a new token from the issuer and give it by --token; where it should be valid still,"
        " compare the clocks of issuer and proxy"
        if wrong
        else "give the token that the proxy asks for, by --token: its issuer and audience are those"
        " of --jwt-issuer and --jwt-audience (servers[].auth of a stack), or it is a fixed one",
    )


def proxy_to_server(given: Examination) -> str:
    """The server has answered `initialize`, and answers `ping`."""
    silent = f"no response within {given.call.seconds:g} s"
    status = given.initialized.status if given.initialized else 0
    try:
        saw = silent if given.initialized is None else given.initialized.error
        saw = saw or given.call.ping(given.pings).error
    except requests.RequestException as wrong:
        saw = f"{silent}: {cause(wrong)}"
    if not saw:
        return "initialize and ping have results"
    if status == 401:
        raise Lost(
            f"the server asks for a token: {saw}",
            "give one that it takes by --token, or let the proxy send it: --header"
            " 'Authorization=Bearer ...'; an expired one is to be replaced",
        )
    ready = read_page(
        given.hops.admin_url("/readyz"),
        of_any_status=True,
        seconds=_REQUEST_SECONDS,
    ).strip()
    raise Lost(
        f"{saw}{'; /readyz: ' if ready else ''}{ready}",
        "start the server, or correct the proxy's --upstream or command; its log has the reason",
    )


def counted_by_proxy(given: Examination) -> str:
    """The proxy's own /metrics count the call."""
    url, server = given.hops.metrics, given.hops.server
    page = ""

    def counts() -> bool:
        nonlocal page
        page = given.hops.read(url)
        given.counted = count_on(page, server)
        return given.counted >= given.before + 1 + given.pings

    if given.until(counts):
        given.flush()
        return f"{CALLS} is {given.counted:g} at {url}"
    if not page:
        raise Lost(f"{url} does not respond", "give the address of its --metrics-listen")
    if CALLS not in page:
        raise Lost(f"{url} has no {CALLS}", "give the /metrics of this project's proxy")
    names = {labels.get("server", "") for labels, _ in values_on(page, CLIENT_CALLS.family)}
    # Names that look the same may differ in their characters.
    alike = _skeleton(server) in map(_skeleton, names)
    shown = ascii if alike else repr
    raise Lost(
        f"{url} counts no call of client {CLIENT!r} to server {shown(server)}; it has"
        f" {', '.join(map(shown, sorted(names))) or 'no calls'}",
        "give --mcp and --metrics of the same proxy, and its --server-name as --server",
    )


def _skeleton(name: str) -> str:
    """The same for names that look the same."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
