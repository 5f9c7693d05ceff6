"""One dial at a time to each peer, and the messages that wait for it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from gossip.api.peer import RemotePeer
from gossip.comm.connection import Connection
from gossip.comm.tasks import Tasks
from gossip.errors import ClosedError, GossipError, QueueFullError
from gossip.types import PkiId

Connect = Callable[[RemotePeer], Awaitable[Connection]]


class Dial:
    """One dial under way, from which any number of senders wait."""

    def __init__(self, peer: RemotePeer, capacity: int) -> None:
        self.peer = peer
        self._capacity = capacity
        self._waiting: deque[bytes] = deque()
        self._connected: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

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
            GossipError: The dial failed, or was given up.

        Cancellation: the dial goes on.
        """
        return await asyncio.shield(self._connected)

    def succeed(self, connection: Connection) -> None:
        """Send what waits on ``connection``, in order, and wake the senders. Further calls do nothing."""
        if self._connected.done():
            return
        self._connected.set_result(connection)
        for frame in self._waiting:
            connection.send_nowait(frame)
        self._waiting.clear()

    def fail(self, error: GossipError) -> int:
        """Wake the senders with ``error``.

        Returns:
            How many queued messages were lost.
        """
        if not self._connected.done():
            self._connected.set_exception(error)
            self._connected.exception()  # senders may be none, and asyncio would complain of an error nobody saw
        lost = len(self._waiting)
        self._waiting.clear()
        return lost


class Dials:
    """Those under way, by PKI-ID.

    Mirrors: gossip/comm/conn.go, connectionStore.getConnection and its destination locks.
    """

    def __init__(self, connect: Connect, failed: Callable[[RemotePeer, GossipError, int], None], capacity: int) -> None:
        """Prepare to dial.

        Args:
            connect: Makes a connection and puts it to use.
            failed: Told of each dial that failed, why, and how many messages were lost with it.
            capacity: How many messages may wait for one dial.
        """
        self._connect = connect
        self._failed = failed
        self._capacity = capacity
        self._tasks = Tasks()
        self._under_way: dict[PkiId, Dial] = {}

    def __len__(self) -> int:
        return len(self._under_way)

    def begin(self, peer: RemotePeer, pki_id: PkiId) -> Dial:
        """The dial to this peer, started unless it is under way."""
        dial = self._under_way.get(pki_id)
        if dial is None:
            dial = self._under_way[pki_id] = Dial(peer, self._capacity)
            self._tasks.start(self._run(dial, pki_id), name=f"dial to {peer}")
        return dial

    def overtaken(self, connection: Connection) -> None:
        """Use a connection that the peer made while we were dialling it."""
        dial = self._under_way.get(connection.info.pki_id)
        if dial is not None:
            dial.succeed(connection)

    async def close(self) -> None:
        """Give every dial up.

        Cancellation: they are given up all the same.
        """
        await self._tasks.close()

    async def _run(self, dial: Dial, pki_id: PkiId) -> None:
        try:
            dial.succeed(await self._connect(dial.peer))
        except GossipError as error:
            self._failed(dial.peer, error, dial.fail(error))
        finally:
            self._under_way.pop(pki_id, None)
            dial.fail(ClosedError(f"the dial to {dial.peer} was given up"))
