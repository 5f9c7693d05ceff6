"""One peer process of the demo: obeys lines of JSON on standard input, answers and reports in lines on standard output.

An answer has the id of its order; whatever else happens is a line with an ``event``. The end of the input is the order
to stop, so that no peer outlives the demo, however that ends.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from gossip.api.comm import Subscription
from gossip.api.options import TlsFiles
from gossip.api.peer import RemotePeer
from gossip.cli.answering import Answer, Answering
from gossip.cli.data import data_message
from gossip.cli.demo.lines import Order, Settings
from gossip.cli.loop import run
from gossip.comm.observer import Observer
from gossip.comm.stages import Stages
from gossip.errors import GossipError
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.types import ChannelId, PkiId

CHANNEL = ChannelId(b"demo")
ACK_TIMEOUT_S = 10.0


def say(facts: Mapping[str, object]) -> None:
    """Tell the leading process."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


class Reporter(Observer):
    """Reports who was refused."""

    def refused(self, remote: str, error: GossipError) -> None:
        """Report it."""
        say({"event": "refused", "remote": remote, "error": type(error).__name__})


async def shake_hands(peer: Peer, targets: list[RemotePeer]) -> dict[str, object]:
    """Shake hands with the first target.

    Raises:
        GossipError: It failed.

    Cancellation: the connection is cut.
    """
    stages = Stages()
    accepted = await peer.comm.introduce(targets[0], stages)
    took_s = sum(each for stage, each in stages.took_s.items() if stage.value != "dial")
    return {"tls_version": accepted.link.tls_version, "ms": round(took_s * 1000, 3)}


async def send(peer: Peer, targets: list[RemotePeer]) -> dict[str, object]:
    """Send one message to all targets, and wait until each has acknowledged it.

    Raises:
        GossipError: The first failure, if one does not.

    Cancellation: the message may have been sent.
    """
    message = data_message(b"gossip demo", CHANNEL)
    for result in await peer.comm.send_with_ack(message, ACK_TIMEOUT_S, len(targets), *targets):
        if result.error is not None:
            raise result.error
    return {}


DEEDS: Mapping[str, Callable[[Peer, list[RemotePeer]], Awaitable[dict[str, object]]]] = {
    "handshake": shake_hands,
    "send": send,
}


async def obey(peer: Peer, order: Order) -> None:
    """Carry out one order and answer it.

    Cancellation: there is no answer.
    """
    targets = [RemotePeer(target["endpoint"], PkiId(bytes.fromhex(target["pki_id"]))) for target in order["to"]]
    try:
        facts = await DEEDS[order["do"]](peer, targets)
    except GossipError as error:
        say({"id": order["id"], "ok": False, "error": f"{type(error).__name__}: {error}"})
    else:
        say({"id": order["id"], "ok": True} | facts)


async def main() -> None:
    """Be a peer until standard input ends.

    Cancellation: nothing is left open.
    """
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    settings = _parse_settings(json.loads(await orders.readline()))
    async with open_peer(settings, observer=Reporter()) as peer, asyncio.TaskGroup() as tasks:
        tasks.create_task(_answer_all(peer, Answering(peer.comm, Answer(is_wanted=True), tasks)))
        tasks.create_task(_report_deaths(peer.comm.presumed_dead()))
        say({"event": "ready", "endpoint": peer.endpoint, "pki_id": peer.comm.get_pki_id().hex()})
        while line := await orders.readline():
            tasks.create_task(obey(peer, json.loads(line)))
        await peer.stop()
    transport.close()


def _parse_settings(settings: Settings) -> PeerSettings:
    return PeerSettings(
        mspid=settings["mspid"],
        msp_dir=Path(settings["msp_dir"]),
        tls=TlsFiles(
            Path(settings["tls_certificate"]), Path(settings["tls_key"]), tuple(map(Path, settings["tls_roots"]))
        ),
        listen=settings["listen"],
        organizations={mspid: Path(folder) for mspid, folder in settings["organizations"].items()},
    )


async def _answer_all(peer: Peer, answering: Answering) -> None:
    with peer.comm.accept(lambda _: True) as messages:
        async for message in messages:
            answering.answer(message)


async def _report_deaths(deaths: Subscription[PkiId]) -> None:
    async for pki_id in deaths:
        say({"event": "dead", "pki_id": pki_id.hex()})


if __name__ == "__main__":
    run(main())
