"""The dials under way, and the messages that wait for them."""

import asyncio
from collections import deque
from collections.abc import Iterator

from gossip.api.peer import RemotePeer
from gossip.comm.connections.connection import Connection
from gossip.errors import GossipError, QueueFullError
from gossip.types import PkiId


class Dial:
    """One dial under way, from which any number of senders wait."""

    def __init__(self, peer: RemotePeer, capacity: int) -> None:
        self.peer = peer
        self._capacity = capacity
        self._waiting: deque[bytes] = deque()
        self._connected = self._new_future()

    @property
    def holds_messages(self) -> bool:
        """Whether messages wait for the connection."""
        return bool(self._waiting)

    def queue_nowait(self, frame: bytes) -> None:
        """Let one encoded envelope wait for the connection.

        Raises:
            QueueFullError: As many as a connection's outbox holds are waiting; it was not queued.
        """
        if len(self._waiting) >= self._capacity:
            raise QueueFullError(f"{len(self._waiting)} messages wait for the dial to {self.peer}")
        self._waiting.append(frame)

    async def connection(self) -> Connection:
        """Wait for the connection.

        Raises:
            GossipError: The dial failed, or was abandoned.

        Cancellation: the dial goes on.
        """
        return await asyncio.shield(self._connected)

    def succeed(self, connection: Connection) -> None:
        """Send what waits on ``connection``, in order, and wake the senders; whoever comes now waits for the next.

        The outbox takes all of it, also beside answers that wait there already, as on a connection that the peer made.
        With a connection that is closed, nothing happens: the dial goes on.
        """
        if not connection.is_open:
            return
        frames, self._waiting = self._waiting, deque()
        connected, self._connected = self._connected, self._new_future()
        connected.set_result(connection)
        for frame in frames:
            connection.answer_nowait(frame)

    def fail(self, error: GossipError) -> int:
        """Wake the senders with ``error``; further calls do nothing.

        Returns:
            How many queued messages were lost.
        """
        connected, self._connected = self._connected, self._new_future()  # the error will hold senders, and they this
        connected.set_exception(error)
        connected.exception()  # senders may be none, and asyncio would complain of an error nobody saw
        lost = len(self._waiting)
        self._waiting.clear()
        return lost

    @staticmethod
    def _new_future() -> asyncio.Future[Connection]:
        return asyncio.get_running_loop().create_future()


class Dials:
    """At most one for each PKI-ID.

    Mirrors: gossip/comm/conn.go, connectionStore.getConnection and its destination locks.
    """

    def __init__(self, capacity: int) -> None:
        """Start without dials, for each of which ``capacity`` messages may wait."""
        self._capacity = capacity
        self._under_way: dict[PkiId, Dial] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def __iter__(self) -> Iterator[Dial]:
        return iter(tuple(self._under_way.values()))

    @property
    def pki_ids(self) -> tuple[PkiId, ...]:
        """Whom they lead to."""
        return tuple(self._under_way)

    def find(self, pki_id: PkiId) -> Dial | None:
        """The dial to this peer, if one is under way."""
        return self._under_way.get(pki_id)

    def add(self, peer: RemotePeer, pki_id: PkiId) -> Dial:
        """Note that a dial to this peer begins."""
        dial = self._under_way[pki_id] = Dial(peer, self._capacity)
        return dial

    def remove(self, pki_id: PkiId) -> None:
        """Note that it ended."""
        del self._under_way[pki_id]

    def reached(self, connection: Connection) -> None:
        """Use a connection to a peer that is being dialled: the dial's own, or one that the peer made meanwhile.

        What waits goes out at once: whatever is sent next finds the connection, and must not arrive before it.
        """
        dial = self._under_way.get(connection.info.pki_id)
        if dial is not None:
            dial.succeed(connection)
