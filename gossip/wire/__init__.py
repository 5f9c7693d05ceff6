"""Bytes to envelope to signed message, and back; pure. The one room that reads and writes the generated classes."""

from typing import TYPE_CHECKING

from gossip.lazy import hand_out

if not TYPE_CHECKING:
    __getattr__, __dir__ = hand_out(__name__)
