"""The pieces that answers are made of: texts, a picture, a sound, documents."""

import base64
import struct
import zlib

from mcp_types import (
    AudioContent,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
)

SAMPLE_RATE = 8000


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def red_pixel() -> bytes:
    """A PNG of one red pixel (W3C, "Portable Network Graphics", 5.2 and 11.2)."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def short_silence() -> bytes:
    """A WAV file of eight silent samples."""
    sound = bytes([128] * 8)
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, SAMPLE_RATE, SAMPLE_RATE, 1, 8)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


def text(words: str) -> TextContent:
    """A piece of text."""
    return TextContent(text=words)


def picture() -> ImageContent:
    """The red pixel as content."""
    return ImageContent(data=base64.b64encode(red_pixel()).decode(), mime_type="image/png")


def sound() -> AudioContent:
    """The silence as content."""
    return AudioContent(data=base64.b64encode(short_silence()).decode(), mime_type="audio/wav")


def document(uri: str, words: str, mime_type: str = "text/plain") -> EmbeddedResource:
    """A text resource as content."""
    return EmbeddedResource(resource=TextResourceContents(uri=uri, mime_type=mime_type, text=words))
