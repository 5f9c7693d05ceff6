"""Measures how long acknowledged messages take from a peer of ours to others.

It acts as the peer that a core.yaml describes, so the others must trust that peer, and must acknowledge messages that
carry a nonce, as Fabric's pull and ``gossip serve --ack`` do.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from gossip import GossipError, Peer, RemotePeer, noop_sign, open_peer
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.node.core_yaml import load_core_yaml

PING = noop_sign(GossipMessage(tag=Tag.CHAN_AND_ORG, data_msg=DataMessage(payload=Payload(data=b"round trip"))))
TIMEOUT_S = 5.0


@dataclass(frozen=True)
class RoundTrips:
    """What one endpoint answered: seconds of each round trip, or why there are none."""

    endpoint: str
    took_s: tuple[float, ...] = ()
    error: GossipError | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"{self.endpoint}  {type(self.error).__name__}: {self.error}"
        low, middle, high = (
            each * 1000 for each in (min(self.took_s), statistics.median(self.took_s), max(self.took_s))
        )
        return f"{self.endpoint}  {len(self.took_s)} round trips, ms: {low:.2f} / {middle:.2f} / {high:.2f}"


async def measure(peer: Peer, endpoint: str, count: int) -> RoundTrips:
    """Learn who is at ``endpoint``, and send ``count`` messages one after the other."""
    took_s = []
    try:
        identity = await peer.comm.handshake(RemotePeer(endpoint))
        there = RemotePeer(endpoint, peer.identities.get_pki_id_of_cert(identity))
        for _ in range(count):
            began_at_s = time.perf_counter()
            (result,) = await peer.comm.send_with_ack(PING, TIMEOUT_S, 1, there)
            if result.error is not None:
                raise result.error
            took_s.append(time.perf_counter() - began_at_s)
    except GossipError as error:
        return RoundTrips(endpoint, error=error)
    return RoundTrips(endpoint, tuple(took_s))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("endpoints", nargs="+", metavar="HOST:PORT")
    parser.add_argument("--config", type=Path, required=True, help="a Fabric peer's core.yaml")
    parser.add_argument("--org", action="append", default=[], metavar="MSPID=DIR", help="an MSP folder to trust")
    parser.add_argument("--count", type=int, default=10, help="messages to each peer")
    return parser.parse_args()


async def main() -> int:
    """Measure every endpoint at once; returns how many did not answer."""
    arguments = parse_arguments()
    organizations = {mspid: Path(folder) for mspid, _, folder in (each.partition("=") for each in arguments.org)}
    settings = load_core_yaml(arguments.config, os.environ).peer_settings(organizations)
    async with open_peer(replace(settings, listen=None)) as peer:
        tasks = [measure(peer, endpoint, max(1, arguments.count)) for endpoint in arguments.endpoints]
        measured = await asyncio.gather(*tasks)
    for each in measured:
        print(each)
    return sum(each.error is not None for each in measured)


if __name__ == "__main__":
    try:
        sys.exit(min(1, asyncio.run(main())))
    except GossipError as fault:
        sys.exit(str(fault))
