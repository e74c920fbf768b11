"""A transport that only records: the scripted edge under a protocol."""

import asyncio


class RecordingTransport(asyncio.Transport):
    """Takes what is written; `alive` until closed or `aborted`, which waits for no reader."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.alive = True
        self.aborted = False
        self.reading = True
        self.ended = False
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Part of asyncio.Transport."""
        if self.ended:
            raise RuntimeError("Cannot call write() after write_eof()")
        self.written += bytes(data)

    def write_eof(self) -> None:
        """Part of asyncio.Transport."""
        self.ended = True

    def close(self) -> None:
        """Part of asyncio.Transport."""
        self.alive = False

    def abort(self) -> None:
        """Part of asyncio.Transport."""
        self.alive = False
        self.aborted = True

    def is_closing(self) -> bool:
        """Part of asyncio.Transport."""
        return not self.alive

    def get_write_buffer_size(self) -> int:
        """Part of asyncio.Transport."""
        return self.unsent

    def pause_reading(self) -> None:
        """Part of asyncio.Transport."""
        self.reading = False

    def resume_reading(self) -> None:
        """Part of asyncio.Transport."""
        self.reading = True

    def is_reading(self) -> bool:
        """Part of asyncio.Transport."""
        return self.reading


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    """The stream in pieces, cut wherever `cuts` fall into it."""
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    return [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]
