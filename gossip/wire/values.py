"""What a message of a generated class consists of: a ``__dict__`` with a value for each of its fields."""

from typing import Final, cast

import betterproto

PLACEHOLDER: Final[object] = betterproto.PLACEHOLDER
"""What betterproto stores for a field that is not set."""


def values_of(message: betterproto.Message) -> dict[str, object]:
    """The message's own ``__dict__``."""
    return cast("dict[str, object]", object.__getattribute__(message, "__dict__"))
