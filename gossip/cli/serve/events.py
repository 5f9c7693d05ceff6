"""What a running peer prints of what happens to it: one line an event."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO

from gossip.api.comm import ReceivedMessage
from gossip.api.peer import ConnectionInfo
from gossip.cli.report import json_line
from gossip.cli.serve.event_lines import EventLines
from gossip.comm.observer import Observer
from gossip.errors import GossipError
from gossip.shown import one_line
from gossip.types import PkiId
from gossip.wire.kinds import MessageKind

logger = logging.getLogger("peer.gossip")

MAX_CHANNEL_BYTES = 249
"""No channel of Fabric has a longer name, and a peer may send one that fills the disk."""


class EventPrinter(Observer):
    """Prints each event as it comes, for people or as a JSON object; nothing waits for whoever reads them.

    When nobody reads any more, ``cut_off`` is called once, ``broken_pipe`` is why, and nothing more is printed. While
    the disk is full, events are lost; so are those that are too many for a reader who pauses, which are counted.
    """

    def __init__(self, stream: TextIO, cut_off: Callable[[], None], *, as_json: bool) -> None:
        self.broken_pipe: BrokenPipeError | None = None
        self._lines = EventLines(stream, self._failed)
        self._cut_off = cut_off
        self._as_json = as_json
        self._lost = 0

    def event(self, name: str, **facts: object) -> None:
        """Print one event with its time and facts."""
        if self.broken_pipe is not None:
            return
        lines = [self._line(name, facts)]
        if self._lost:
            lines.insert(0, self._line("lost", {"count": self._lost}))
        self._lost = 0 if self._lines.write("\n".join(lines)) else self._lost + 1

    async def reader_takes(self) -> None:
        """Return when the reader has taken every event.

        Cancellation: nothing changes.
        """
        await self._lines.reader_takes()

    def _line(self, name: str, facts: Mapping[str, object]) -> str:
        now = datetime.now(UTC)
        if self._as_json:
            return json_line({"event": name, "at": now, **facts})
        told = "  ".join(f"{key}={_shown(value)}" for key, value in facts.items() if value is not None)
        return one_line(f"{now:%H:%M:%S}  {name:<15}  {told}")

    def _failed(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            self.broken_pipe = error
            self._cut_off()
        else:
            logger.warning("Events cannot be written, and are lost until this is fixed: %s", error)

    def ready(self, endpoint: str, pki_id: PkiId, mspid: str, operations: str | None) -> None:
        """The peer listens; ``operations`` is where its figures are, if they are served."""
        where = {"operations": operations} if operations else {}
        self.event("ready", endpoint=endpoint, pki_id=pki_id, mspid=mspid, **where)

    def received(self, message: ReceivedMessage) -> None:
        """A message came in; its content, a data message's data, is named by size and hash and never shown."""
        signed = message.get_gossip_message()
        content = signed.message.data_msg.payload.data if signed.kind is MessageKind.DATA_MSG else signed.payload
        facts = {
            "from": message.get_connection_info().pki_id,
            "kind": signed.kind.name.lower(),
            "tag": signed.tag.name or int(signed.tag),
            "channel": _shown_channel(signed.channel),
            "nonce": signed.nonce,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        self.event("received", **facts)

    def connected(self, info: ConnectionInfo, *, outgoing: bool) -> None:
        """A peer proved who it is; as ``accepted`` when it dialled us."""
        self.event("connected" if outgoing else "accepted", pki_id=info.pki_id, remote=info.endpoint)

    def disconnected(self, info: ConnectionInfo, error: GossipError | None) -> None:
        """A connection ended."""
        self.event("disconnected", pki_id=info.pki_id, remote=info.endpoint, reason=str(error) if error else None)

    def probed(self, info: ConnectionInfo) -> None:
        """A peer asked whether it would be accepted, and it is."""
        self.event("probed", pki_id=info.pki_id, remote=info.endpoint)

    def refused(self, remote: str, error: GossipError) -> None:
        """Somebody did not prove who it is."""
        self.event("refused", remote=remote, error=type(error).__name__, reason=str(error))


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _shown_channel(channel: bytes) -> str:
    dots = "..." if len(channel) > MAX_CHANNEL_BYTES else ""
    return channel[:MAX_CHANNEL_BYTES].decode(errors="replace") + dots
