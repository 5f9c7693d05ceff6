"""What every contender can do: carry envelopes to servers that count them, and wait for acknowledgements."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bench.material import Material


class Meter:
    """How many messages came out at the far end."""

    def __init__(self) -> None:
        self.count = 0


class Client(Protocol):
    """The sending side, connected to every server."""

    @property
    def dropped(self) -> int:
        """How many messages were lost for want of room."""
        ...

    def load(self, payloads: Sequence[bytes]) -> None:
        """Prepare messages to be sent over and over, up to the point where each is an envelope's object."""
        ...

    async def send_loaded(self) -> int:
        """Send what was loaded, each message to every server, as fast as it is taken.

        Returns:
            How many deliveries that makes.
        """
        ...

    async def send_with_ack(self) -> None:
        """Send the first message to the first server and wait until it is acknowledged."""
        ...

    async def shake_hands(self, endpoint: str) -> dict[str, float]:
        """Make a connection from nothing, and close it; the seconds that each stage took."""
        ...


class Contender(Protocol):
    """One way to do it; ``payloads`` are marshalled GossipMessages."""

    @property
    def name(self) -> str:
        """As the table shows it."""
        ...

    def serve(
        self, material: Material, servers: int, meter: Meter, *, read_objects: bool
    ) -> AbstractAsyncContextManager[list[str]]:
        """Listen at so many endpoints, count every message, and acknowledge those that ask for it.

        Args:
            material: Server number n is ``peer``n of the second organisation.
            servers: How many.
            meter: Counts at the very end of the way.
            read_objects: Read the data of each message out of its object before it counts.
        """
        ...

    def connect(self, material: Material, endpoints: Sequence[str]) -> AbstractAsyncContextManager[Client]:
        """Connect to each endpoint as ``peer0`` of the first organisation."""
        ...
