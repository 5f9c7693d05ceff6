"""Edits of bytes and text that know nothing of what they edit."""

from collections.abc import Sequence
from random import Random


def edit(data: bytes, random: Random, splices: Sequence[bytes] = ()) -> bytes:
    """One to four edits, each of which replaces, flips, drops, doubles or inserts a few bytes, or splices one in."""
    edited = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at, size = random.randrange(len(edited) + 1), random.choice((1, 1, 2, 3, 17))
        match random.randrange(7 if splices else 6):
            case 0:
                edited[at : at + size] = random.randbytes(size)
            case 1 if at < len(edited):
                edited[at] ^= 1 << random.randrange(8)
            case 2:
                del edited[at : at + size]
            case 3:
                edited[at:at] = edited[at : at + size]
            case 4:
                edited[at:at] = random.randbytes(size)
            case 5:
                del edited[at + random.randrange(200) :]
            case 6:
                edited[at : at + random.choice((0, size))] = random.choice(splices)
    return bytes(edited)
