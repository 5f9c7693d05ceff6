"""Handshake, connections, acknowledgements, subscriptions."""

from typing import TYPE_CHECKING

from gossip.lazy import hand_out

if not TYPE_CHECKING:
    __getattr__, __dir__ = hand_out(__name__)
