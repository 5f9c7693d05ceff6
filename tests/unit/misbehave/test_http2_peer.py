"""The windows of the other side, as its SETTINGS and WINDOW_UPDATEs open them."""

import asyncio

from gossip.misbehave import frames
from gossip.misbehave.http2_peer import INITIAL_WINDOW_BYTES, Http2Peer


def test_room_is_what_the_smaller_window_leaves() -> None:
    async def main() -> None:
        peer = Http2Peer()
        peer.open(1)
        peer.say(1, bytes(100))
        assert (peer.room(1), peer.room(3)) == (INITIAL_WINDOW_BYTES - 100, INITIAL_WINDOW_BYTES - 100)
        peer.data_received(frames.settings({frames.INITIAL_WINDOW_SIZE: 40}))
        assert (peer.room(1), peer.room(3)) == (-60, 40)
        peer.data_received(frames.window_update(1, 70))
        assert peer.room(1) == 10
        peer.data_received(frames.settings({frames.INITIAL_WINDOW_SIZE: 100_000}))
        assert peer.room(1) == INITIAL_WINDOW_BYTES - 100
        peer.data_received(frames.window_update(0, 10**6))
        assert (peer.room(1), peer.room(3)) == (100_000 - 30, 100_000)

    asyncio.run(main())
