"""``gossip probe``: does a gossip server answer there?"""

from typing import TYPE_CHECKING

from gossip.cli.attempt import Facts, attempt
from gossip.cli.peer_options import Endpoint, acts_as_peer
from gossip.cli.report import Json, reporting

if TYPE_CHECKING:
    from gossip.comm.stages import Stages
    from gossip.node.peer import Peer
    from gossip.node.settings import PeerSettings


@acts_as_peer
def probe(settings: "PeerSettings", endpoint: Endpoint, as_json: Json = False) -> None:
    """Dial and Ping a peer. An answer does not tell who it is; gossip handshake does."""
    from gossip.api.peer import RemotePeer

    async def reach(peer: "Peer", stages: "Stages") -> Facts:
        link = await peer.comm.reach(RemotePeer(endpoint), stages)
        return {"tls_version": link.tls_version}

    with reporting(as_json) as report:
        attempt(report, settings, reach, endpoint)
