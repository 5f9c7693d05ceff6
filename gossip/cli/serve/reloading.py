"""Takes up files that changed while a peer is served, and says what came of it."""

import logging

from gossip.cli.serve.events import EventPrinter
from gossip.errors import ConfigurationError
from gossip.node.peer import Peer

logger = logging.getLogger("peer.gossip")


class Reloading:
    """Reloads one peer; of files that cannot be used for one reason, look after look, it speaks once."""

    def __init__(self, peer: Peer, printer: EventPrinter) -> None:
        self._peer = peer
        self._printer = printer
        self._failed_for = ""

    async def reload(self) -> bool:
        """Take up the files, and tell whether that went well.

        Cancellation: as of :meth:`gossip.Peer.reload`.
        """
        try:
            await self._peer.reload()
        except ConfigurationError as error:
            reason = str(error)
            if reason != self._failed_for:
                self._failed_for = reason
                logger.warning("The files cannot be used; those read before remain in force: %s", reason)
                self._printer.event("reload_failed", reason=reason)
            return False
        self._failed_for = ""
        self._printer.event("reloaded", pki_id=self._peer.comm.get_pki_id())
        return True

    async def reload_as_asked(self) -> None:
        """The same for somebody who asked for it, and so hears of a failure that was told before.

        Cancellation: as of :meth:`gossip.Peer.reload`.
        """
        self._failed_for = ""
        await self.reload()
