"""An HTTP/2 peer that sends exactly the frames it is told to, over TLS, from either side."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress

from hpack import Decoder, Encoder
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from gossip.api.options import TlsFiles
from gossip.transport.tls import contexts as tls
from tests.support.stream_server import stream_server

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GOSSIP_STREAM = "/gossip.Gossip/GossipStream"
PING = "/gossip.Gossip/Ping"

Headers = list[tuple[str, str]]


def request(path: str = GOSSIP_STREAM, **changed: str | None) -> Headers:
    """The header fields of a call; a keyword changes one, None leaves it out (``_`` stands for ``-``)."""
    fields: dict[str, str | None] = {
        ":method": "POST",
        ":scheme": "https",
        ":path": path,
        ":authority": "localhost",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    fields |= {(":" if f":{name}" in fields else "") + name.replace("_", "-"): value for name, value in changed.items()}
    return [(name, value) for name, value in fields.items() if value is not None]


RESPONSE: Headers = [(":status", "200"), ("content-type", "application/grpc")]


def message(body: bytes, *, compressed: bool = False) -> bytes:
    """A gRPC message: its prefix, and it."""
    return bytes([compressed]) + len(body).to_bytes(4, "big") + body


def data(stream_id: int, body: bytes = b"", *flags: str) -> DataFrame:
    """One DATA frame."""
    return DataFrame(stream_id, data=body, flags=flags)


def reset(stream_id: int, code: int = 0) -> RstStreamFrame:
    """One RST_STREAM frame."""
    return RstStreamFrame(stream_id, error_code=code)


def goaway(last_stream_id: int, code: int = 0, text: bytes = b"") -> GoAwayFrame:
    """One GOAWAY frame."""
    return GoAwayFrame(0, last_stream_id=last_stream_id, error_code=code, additional_data=text)


class RawPeer:
    """One end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.encoder = Encoder()
        self.decoder = Decoder()

    def write(self, *frames: Frame | bytes) -> None:
        """Put frames, or plain bytes, into one write."""
        self.writer.write(b"".join(frame if isinstance(frame, bytes) else frame.serialize() for frame in frames))

    def headers(self, stream_id: int, fields: Headers, *flags: str) -> HeadersFrame:
        """One HEADERS frame; END_HEADERS unless flags say otherwise."""
        block = self.encoder.encode(fields)
        return HeadersFrame(stream_id, data=block, flags=flags or ("END_HEADERS",))

    def trailers(self, stream_id: int, status: int, text: str | None = None) -> HeadersFrame:
        """The HEADERS frame that ends an answer."""
        fields = [("grpc-status", str(status))] + ([("grpc-message", text)] if text is not None else [])
        return self.headers(stream_id, fields, "END_HEADERS", "END_STREAM")

    async def frame(self) -> Frame:
        """The next frame; EOFError at the end."""
        try:
            header = await self.reader.readexactly(9)
            frame, length = Frame.parse_frame_header(memoryview(header))
            frame.parse_body(memoryview(await self.reader.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        return frame

    async def until(self, kind: type[Frame], stream_id: int | None = None) -> Frame:
        """The next frame of a kind, and of a stream; others are dropped."""
        while True:
            frame = await self.frame()
            if isinstance(frame, kind) and stream_id in (None, frame.stream_id):
                return frame

    async def fields(self, stream_id: int) -> dict[str, str]:
        """The next header fields of a stream."""
        frame = await self.until(HeadersFrame, stream_id)
        assert isinstance(frame, HeadersFrame)
        return {str(name): str(value) for name, value in self.decoder.decode(frame.data)}

    async def messages(self, stream_id: int, size: int) -> bytes:
        """The next ``size`` bytes of DATA of a stream."""
        body = b""
        while len(body) < size:
            frame = await self.until(DataFrame, stream_id)
            assert isinstance(frame, DataFrame)
            body += frame.data
        return body

    async def wait_taken(self) -> None:
        """Wait until the other side has taken everything that was written; other frames are dropped."""
        self.write(PingFrame(0, opaque_data=b"received"))
        while "ACK" not in (await self.until(PingFrame)).flags:
            pass

    async def wait_cut(self) -> list[Frame]:
        """Everything until the other side cuts the connection."""
        frames = []
        with suppress(EOFError):
            while True:
                frames.append(await self.frame())
        return frames


@asynccontextmanager
async def raw_client(
    endpoint: str, files: TlsFiles | None, settings: dict[int, int] | None = None
) -> AsyncIterator[RawPeer]:
    """Connect to a server and say who we are; SETTINGS are not acknowledged."""
    host, _, port = endpoint.rpartition(":")
    context = tls.client_side(files).context if files is not None else None
    reader, writer = await asyncio.open_connection(
        host, int(port), ssl=context, server_hostname="localhost" if context else None
    )
    peer = RawPeer(reader, writer)
    try:
        peer.write(PREFACE, SettingsFrame(0, settings=settings or {}))
        yield peer
    finally:
        writer.transport.abort()


@asynccontextmanager
async def raw_server(script: Callable[[RawPeer], Awaitable[None]], files: TlsFiles) -> AsyncIterator[str]:
    """Answer each connection's preface with SETTINGS and then do as ``script`` says; yields the endpoint."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = RawPeer(reader, writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError, EOFError):
            await reader.readexactly(len(PREFACE))
            peer.write(SettingsFrame(0))
            await script(peer)
            await reader.read()

    async with stream_server(serve, tls.server_side(files).context) as endpoint:
        yield endpoint


def split_headers(stream_id: int, block: bytes, parts: int) -> Iterable[Frame]:
    """A header block in a HEADERS frame and CONTINUATIONs, the last of which ends it."""
    size = -(-len(block) // parts)
    pieces = [block[start : start + size] for start in range(0, len(block), size)]
    yield HeadersFrame(stream_id, data=pieces[0])
    for number, piece in enumerate(pieces[1:], 2):
        yield ContinuationFrame(stream_id, data=piece, flags=("END_HEADERS",) if number == len(pieces) else ())


def window(stream_id: int, increment: int) -> WindowUpdateFrame:
    """One WINDOW_UPDATE frame."""
    return WindowUpdateFrame(stream_id, window_increment=increment)
