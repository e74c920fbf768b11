"""A corpus of hostile HTTP requests, as data: what a proxy must not let through, and why.

Each is what one connection sends, all at once. None may reach the upstream, and none may keep the
proxy from serving the next. A status of 0: the connection just ends.
"""

from typing import NamedTuple


class Hostile(NamedTuple):
    """One request; `status` is the answer's, `source` the rule that it breaks."""

    name: str
    data: bytes
    status: int
    source: str


LINE = b"POST /mcp HTTP/1.1\r\n"
HOST = b"host: localhost\r\n"
LAST = b"connection: close\r\n"
TE = b"transfer-encoding: chunked\r\n"
BODY = b"not json"
LENGTH = b"content-length: 8\r\n"
SMUGGLED = LINE + HOST + b"content-length: 2\r\n\r\n{}"

FRAMING = "RFC 9112 section 6.3"
SYNTAX = "RFC 9112 section 5"
CHUNKS = "RFC 9112 section 7.1"
TARGET = "RFC 9112 section 3.2"
MCP = "MCP Streamable HTTP, security warning"
JSON = "JSON-RPC 2.0"
LIMIT = "the proxy's limits"


def _head(lines: bytes, body: bytes = BODY, line: bytes = LINE) -> bytes:
    return line + HOST + LAST + lines + b"\r\n" + body


def _chunks(body: bytes) -> bytes:
    return LINE + HOST + LAST + TE + b"\r\n" + body


def _json(body: bytes) -> bytes:
    return _head(b"content-length: %d\r\n" % len(body), body)


_FRAMING = [
    ("both, length first", LENGTH + TE, b"0\r\n\r\n" + SMUGGLED),
    ("both, chunks first", TE + LENGTH, b"0\r\n\r\n" + SMUGGLED),
    ("both, a length of zero", b"content-length: 0\r\n" + TE, b"0\r\n\r\n" + SMUGGLED),
    ("both, in capitals", b"CONTENT-LENGTH: 8\r\nTRANSFER-ENCODING: CHUNKED\r\n", SMUGGLED),
    ("two lengths alike", LENGTH * 2, BODY),
    ("two lengths apart", LENGTH + b"content-length: 0\r\n", SMUGGLED),
    ("a list of lengths", b"content-length: 8, 8\r\n", BODY),
    ("a signed length", b"content-length: +8\r\n", BODY),
    ("a negative length", b"content-length: -1\r\n", BODY),
    ("a hexadecimal length", b"content-length: 0x8\r\n", BODY),
    ("a length in two parts", b"content-length: 0 8\r\n", BODY),
    ("an empty length", b"content-length: \r\n", BODY),
    ("a length beyond 64 bits", b"content-length: 18446744073709551624\r\n", BODY),
    ("chunks twice", TE * 2, b"0\r\n\r\n" + SMUGGLED),
    ("chunked, then not", b"transfer-encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    ("another coding", b"transfer-encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    ("an unknown coding", b"transfer-encoding: xchunked\r\n", b"0\r\n\r\n"),
    ("chunked in quotes", b'transfer-encoding: "chunked"\r\n', b"0\r\n\r\n"),
    ("chunked after a vertical tab", b"transfer-encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
    ("a space before the colon", b"transfer-encoding : chunked\r\n", b"0\r\n\r\n" + SMUGGLED),
    ("a tab before the colon", b"content-length\t: 8\r\n", BODY),
]

_SYNTAX = [
    ("a bare line feed", b"x: y\ncontent-length: 8\r\n"),
    ("a bare carriage return", b"x: y\rcontent-length: 8\r\n"),
    ("a carriage return in a value", b"x: y\rz\r\n"),
    ("a folded line", b"x: y\r\n z\r\n"),
    ("a folded length", b"content-length:\r\n 8\r\n"),
    ("a NUL in a value", b"x: a\x00b\r\n"),
    ("a NUL in a name", b"x\x00y: a\r\n"),
    ("a control character in a value", b"x: a\x01b\r\n"),
    ("a line without a colon", b"no colon here\r\n"),
    ("an empty name", b": x\r\n"),
    ("a name with a space", b"x y: z\r\n"),
    ("a name that is not ASCII", b"\xe9: z\r\n"),
    ("a second host", b"host: localhost\r\n"),
    ("a second session", b"mcp-session-id: a\r\nmcp-session-id: b\r\n"),
    ("a second origin", b"origin: http://localhost\r\norigin: http://evil.example\r\n"),
    ("a second authorization", b"authorization: Bearer a\r\nauthorization: Bearer b\r\n"),
    ("a request as a header", b"GET /admin HTTP/1.1\r\n"),
]

_CHUNKS = [
    ("a size that is no number", b"xyz\r\n"),
    ("a size of 17 digits", b"FFFFFFFFFFFFFFFFF\r\n"),
    ("a negative size", b"-1\r\n"),
    ("a size with 0x", b"0x8\r\n" + BODY),
    ("a size that ends by a bare line feed", b"8\n" + BODY + b"\n0\n\n"),
    ("no line end after the data", b"8\r\n" + BODY + b"0\r\n\r\n"),
    ("a chunk longer than its size", b"4\r\n" + BODY + b"\r\n0\r\n\r\n"),
    ("an extension, and no JSON", b'8;a="b"\r\n' + BODY + b"\r\n0\r\n\r\n"),
    ("a bare carriage return in an extension", b"8;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n"),
    ("a trailer that would be a header", b"8\r\n%b\r\n0\r\nhost: evil.example\r\n\r\n" % BODY),
    ("a trailer with a length", b"8\r\n%b\r\n0\r\ncontent-length: 99\r\n\r\n" % BODY),
    ("a second request after the last chunk", b"8\r\n%b\r\n0\r\n\r\n%b" % (BODY, SMUGGLED)),
]

_TARGETS = [
    ("an absolute target elsewhere", b"POST http://evil.example/mcp HTTP/1.1\r\n", 403),
    ("an absolute target of another kind", b"POST ftp://localhost/mcp HTTP/1.1\r\n", 404),
    ("an absolute target with a user name", b"POST http://a@localhost/mcp HTTP/1.1\r\n", 404),
    ("an absolute target without a path", b"POST http://localhost HTTP/1.1\r\n", 404),
    ("a tunnel", b"CONNECT evil.example:443 HTTP/1.1\r\n", 404),
    ("the server itself", b"OPTIONS * HTTP/1.1\r\n", 404),
    ("a path upwards", b"POST /mcp/../admin HTTP/1.1\r\n", 404),
    ("a path back to itself", b"POST /x/../mcp HTTP/1.1\r\n", 404),
    ("an encoded path", b"POST /%6dcp HTTP/1.1\r\n", 404),
    ("an encoded slash", b"POST /mcp%2f HTTP/1.1\r\n", 404),
    ("two slashes", b"POST //mcp HTTP/1.1\r\n", 404),
    ("another case", b"POST /MCP HTTP/1.1\r\n", 404),
    ("parameters of a path", b"POST /mcp;x HTTP/1.1\r\n", 404),
    ("a space in the target", b"POST /mcp x HTTP/1.1\r\n", 400),
    ("a NUL in the target", b"POST /mcp\x00 HTTP/1.1\r\n", 400),
    ("a line end in the query", b"POST /mcp?a=\r\nx: y HTTP/1.1\r\n", 505),
    ("a carriage return in the query", b"POST /mcp?a=\rx HTTP/1.1\r\n", 400),
    ("no target", b"POST HTTP/1.1\r\n", 400),
    ("a method in small letters", b"post /mcp HTTP/1.1\r\n", 400),
    ("a method with a NUL", b"PO\x00ST /mcp HTTP/1.1\r\n", 400),
    ("an unknown method", b"BREW /mcp HTTP/1.1\r\n", 400),
    ("a trace", b"TRACE /mcp HTTP/1.1\r\n", 405),
    ("a version that is none", b"POST /mcp HTTP/9.9\r\n", 400),
    ("a version with more behind it", b"POST /mcp HTTP/1.1x\r\n", 400),
    ("HTTP/2 by line", b"POST /mcp HTTP/2.0\r\n", 505),
    ("HTTP/0.9", b"POST /mcp\r\n", 505),
]

_CALLERS = [
    ("no host", b"", 400),
    ("a foreign host", b"host: evil.example\r\n", 403),
    ("a foreign host that looks local", b"host: localhost.evil.example\r\n", 403),
    ("a host with a user", b"host: localhost@evil.example\r\n", 403),
    ("two hosts in one", b"host: localhost, evil.example\r\n", 403),
    ("a host without its bracket", b"host: [::1\r\n", 403),
    ("a foreign page", HOST + b"origin: https://evil.example\r\n", 403),
    ("an opaque page", HOST + b"origin: null\r\n", 403),
    ("a page that looks local", HOST + b"origin: http://localhost.evil.example\r\n", 403),
]

_BODIES = [
    ("no body", b""),
    ("no JSON", BODY),
    ("half of a JSON", b'{"jsonrpc":"2.0","id":1,"method":"tools/c'),
    ("two JSONs", b'{"id":1,"method":"a"}{"id":2,"method":"b"}'),
    ("UTF-16", '{"id":1,"method":"ping"}'.encode("utf-16")),
    ("a NUL after the end", b'{"id":1,"method":"ping"}\x00'),
    ("a control character in a string", b'{"id":1,"method":"a\x01"}'),
    ("a number", b"1"),
    ("an empty batch", b"[]"),
    ("a batch of numbers", b"[1,2]"),
    ("deep arrays", b'{"id":1,"method":"ping","params":' + b"[" * 200 + b"]" * 200 + b"}"),
    ("deep objects", b'{"a":' * 200 + b"1" + b"}" * 200),
    ("very deep arrays", b"[" * 100_000),
    ("very deep and closed", b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"),
]

CORPUS = (
    *(Hostile(name, _head(lines, body), 400, FRAMING) for name, lines, body in _FRAMING),
    *(Hostile(name, _head(lines), 400, SYNTAX) for name, lines in _SYNTAX),
    *(Hostile(name, _chunks(body), 400, CHUNKS) for name, body in _CHUNKS),
    *(Hostile(name, _head(LENGTH, line=line), status, TARGET) for name, line, status in _TARGETS),
    *(Hostile(name, LINE + lines + LENGTH + b"\r\n" + BODY, status, MCP)
      for name, lines, status in _CALLERS),
    *(Hostile(name, _json(body), 400, JSON) for name, body in _BODIES),
    Hostile("a batch of many calls", _json(b"[%b]" % b",".join(
        b'{"id":%d,"method":"ping"}' % number for number in range(1000))), 429, LIMIT),
    Hostile("a long head", _head(b"x: %b\r\n" % (b"y" * 17_000)), 431, LIMIT),
    Hostile("a head without an end", LINE + HOST + b"x: " + b"y" * 17_000, 431, LIMIT),
    Hostile("a long target", b"POST /mcp?%b HTTP/1.1\r\n" % (b"y" * 17_000), 431, LIMIT),
    Hostile("many query fields", b"POST /messages?%b HTTP/1.1\r\n%b%b%b\r\n{}" % (
        b"a&" * 200, HOST, LAST, b"content-length: 2\r\n"), 404, LIMIT),
    Hostile("many header lines", _head(b"x: y\r\n" * 101), 431, LIMIT),
    Hostile("a declared body too long", _head(b"content-length: 4194305\r\n", b""), 413, LIMIT),
    Hostile("a long body that is first asked for", _head(
        b"content-length: 4194305\r\nexpect: 100-continue\r\n", b""), 413, LIMIT),
    Hostile("one chunk too long", _chunks(b"400001\r\n" + b"x" * 0x400001), 413, LIMIT),
    Hostile("small chunks without end", _chunks(b"8\r\nnot json\r\n" * 600_000), 413, LIMIT),
    Hostile("an offer of HTTP/2", _head(
        LENGTH + b"connection: upgrade, close\r\nupgrade: h2c\r\n"), 400, JSON),
    Hostile("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, SYNTAX),
    Hostile("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, SYNTAX),
    Hostile("binary noise", bytes(range(256)) + b"\r\n\r\n", 400, SYNTAX),
    Hostile("nothing but line ends", b"\r\n" * 9000, 0, LIMIT),
    Hostile("half a head", LINE + HOST, 0, SYNTAX),
    Hostile("half a body", _head(b"content-length: 100\r\n"), 0, FRAMING),
    Hostile("half a chunk", _chunks(b"100\r\nnot"), 0, CHUNKS),
)  # fmt: skip
