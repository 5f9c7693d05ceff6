"""For commands that report themselves how a dial ended: the log says nothing of it beside them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_TRANSPORT = logging.getLogger("gossip.transport")


@contextmanager
def dialling_quietly() -> Iterator[None]:
    """Keep what the transport would warn of to itself."""
    before = _TRANSPORT.level
    _TRANSPORT.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        _TRANSPORT.setLevel(before)
