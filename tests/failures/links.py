"""What happens to the packets between two peers; in a network namespace of our own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gossip import DialOptions, Peer, RemotePeer
from gossip.errors import AckTimeoutError, DialError, StreamBrokenError
from tests.failures.rig import (
    QUICK,
    Row,
    check_silent,
    hear_of,
    issue,
    our_peer,
    remote_of,
    send,
    send_and_hear,
    their_peer,
)
from tests.support.lossy_link import LossyLink, Weather, lossy_link
from tests.support.served import Served

NAMESPACE = "network namespace"


@asynccontextmanager
async def across(folder: Path, dial: DialOptions = QUICK) -> AsyncIterator[tuple[LossyLink, Peer, Served, RemotePeer]]:
    """Two peers that know each other, and the link between them."""
    with lossy_link() as link:
        _, home = issue(folder, hosts=(link.there,))
        async with (
            their_peer(f"{link.there}:7051", folder=home, prefix=link.command()) as served,
            our_peer(dial) as ours,
        ):
            await send_and_hear(ours, remote_of(served))
            yield link, ours, served, remote_of(served)
            link.weather = Weather()


async def cut(link: LossyLink, ours: Peer, there: RemotePeer) -> float:
    """Lose every packet, send, and say after how many seconds the other side was presumed dead."""
    with ours.comm.presumed_dead() as deaths:
        link.weather = Weather(is_cut=True)
        waiting = asyncio.create_task(send(ours, there))
        after_s = await hear_of(deaths, there.pki_id)
        result = await waiting
        assert isinstance(result.error, StreamBrokenError), result.error
        return after_s


async def link_cut(folder: Path) -> Row:
    """Every packet is lost, for longer than keepalive waits."""
    async with across(folder) as (link, ours, _, there):
        after_s = await cut(link, ours, there)
        again = await send(ours, there)
        assert isinstance(again.error, DialError), again.error
        link.weather = Weather()
        await send_and_hear(ours, there)
    return Row(
        "link cut, longer than keepalive waits",
        NAMESPACE,
        "presumed dead",
        after_s,
        "what was not acknowledged: StreamBrokenError; what is sent meanwhile: DialError",
        "by the next send once the link is back",
    )


async def link_cut_while_we_send(folder: Path) -> Row:
    """Every packet is lost, and something is sent: no silence is waited for."""
    async with across(folder, DialOptions(keepalive_timeout_s=0.5)) as (link, ours, _, there):
        after_s = await cut(link, ours, there)
        link.weather = Weather()
        await send_and_hear(ours, there)
    return Row(
        "link cut while we send, keepalive still waiting for silence",
        NAMESPACE,
        "presumed dead",
        after_s,
        "what was not acknowledged: StreamBrokenError",
        "by the next send once the link is back",
    )


async def link_cut_shortly(folder: Path) -> Row:
    """Every packet is lost, for less long than keepalive waits."""
    async with across(folder, DialOptions()) as (link, ours, _, there):
        with ours.comm.presumed_dead() as deaths:
            link.weather = Weather(is_cut=True)
            impatient = await send(ours, there, timeout_s=0.3)
            assert isinstance(impatient.error, AckTimeoutError), impatient.error
            patient = asyncio.create_task(send(ours, there))
            await asyncio.sleep(0)
            link.weather = Weather()
            assert (await patient).error is None
            await check_silent(deaths)
    return Row(
        "link cut, shorter than keepalive waits",
        NAMESPACE,
        "nothing",
        None,
        "nothing; what waited too long for its acknowledgement: AckTimeoutError, though it arrives",
        "by itself: TCP sends again",
    )


async def packets_lost_late_and_out_of_order(folder: Path) -> Row:
    """One packet in ten is lost, each takes 10 ms, three in ten up to 10 ms more."""
    async with across(folder, DialOptions(dial_timeout_s=10)) as (link, ours, served, there):
        with ours.comm.presumed_dead() as deaths:
            link.weather = Weather(loss=0.1, delay_s=0.01, reordered=0.3)
            results = await asyncio.gather(*(send(ours, there, b"x" * size) for size in range(20, 2001, 20)))
            assert [result.error for result in results if result.error is not None] == []
            await check_silent(deaths)
        assert link.lost > 0
    sizes = [event["size"] for event in served.seen if event["event"] == "received"] + _unread(served)
    assert sizes == list(range(0, 2001, 20))
    return Row(
        "10 % of packets lost, 10 ms late, 30 % out of order", NAMESPACE, "nothing", None, "nothing", "nothing to heal"
    )


def _unread(served: Served) -> list[object]:
    """The sizes of messages in the events that nobody has waited for."""
    return [event["size"] for event in served.rest() if event["event"] == "received"]
