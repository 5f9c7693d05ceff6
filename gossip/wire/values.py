"""What a message of a generated class consists of: a ``__dict__`` with the values of its fields.

A field that holds nothing is missing there; the class's own attribute then stands in, see `gossip.wire.attributes`.
"""

from collections.abc import Callable
from typing import Final, cast

import betterproto

PLACEHOLDER: Final[object] = betterproto.PLACEHOLDER
"""What betterproto stores for a field that is not set."""


def values_of(message: betterproto.Message) -> dict[str, object]:
    """The message's own ``__dict__``."""
    return cast("dict[str, object]", object.__getattribute__(message, "__dict__"))


set_values: Final = cast(
    "Callable[[betterproto.Message, dict[str, object]], None]", vars(betterproto.Message)["__dict__"].__set__
)
"""Makes a dictionary the message's own ``__dict__``, in two thirds of the time of `object.__setattr__`."""
