"""What a running peer prints of what happens to it: one line an event."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from gossip.api.comm import ReceivedMessage
from gossip.api.peer import ConnectionInfo
from gossip.cli.report import Report
from gossip.comm.observer import Observer
from gossip.errors import GossipError
from gossip.types import PkiId
from gossip.wire.kinds import MessageKind

logger = logging.getLogger("peer.gossip")


class EventPrinter(Observer):
    """Prints each event as it comes, for people or as a JSON object.

    When nobody reads any more, ``cut_off`` is called once, ``broken_pipe`` is why, and nothing more is printed. While
    the disk is full, events are lost.
    """

    def __init__(self, report: Report, cut_off: Callable[[], None]) -> None:
        self.broken_pipe: BrokenPipeError | None = None
        self._loses_events = False
        self._report = report
        self._cut_off = cut_off

    def event(self, name: str, **facts: object) -> None:
        """Print one event with its time and facts."""
        if self.broken_pipe is not None:
            return
        try:
            self._print(name, facts)
        except BrokenPipeError as error:
            self.broken_pipe = error
            self._cut_off()
        except OSError as error:
            if not self._loses_events:
                logger.warning("Events cannot be written, and are lost until this is fixed: %s", error)
            self._loses_events = True
        else:
            self._loses_events = False

    def _print(self, name: str, facts: Mapping[str, object]) -> None:
        now = datetime.now(UTC)
        if self._report.as_json:
            self._report.record({"event": name, "at": now, **facts})
            return
        told = "  ".join(f"{key}={_shown(value)}" for key, value in facts.items() if value is not None)
        self._report.text(f"{now:%H:%M:%S}  {name:<15}  {told}")

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
            "channel": signed.channel.decode(errors="replace"),
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
