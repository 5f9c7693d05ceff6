"""Which sub-messages of a message are set.

betterproto makes an unset sub-message when it is read and stores it in its parent, where it looks just like an empty
one that the user set. The first must not appear on the wire, or reading a message would change its bytes; the second
must. So `gossip.wire.attributes` marks what reading makes.
"""

from typing import cast

import betterproto

from gossip.wire.attributes import MADE_BY_READING, metadata_of
from gossip.wire.values import values_of


def is_untouched(values: dict[str, object]) -> bool:
    """Tell whether a sub-message that encodes to nothing only came about because somebody read its field."""
    return MADE_BY_READING in values and not values["_serialized_on_wire"]


def is_set(message: betterproto.Message, name: str) -> bool:
    """Tell whether a field holds anything that is written: a sub-message even when empty, other fields beyond zero."""
    values = values_of(message)
    group = metadata_of(type(message)).oneof_group_by_field.get(name)
    if group is not None:
        return cast("dict[str, str | None]", values["_group_current"])[group] == name
    value = values.get(name)
    if isinstance(value, betterproto.Message):
        inner = values_of(value)
        return not (is_untouched(inner) and _is_blank(value))
    return bool(value)


def _is_blank(message: betterproto.Message) -> bool:
    if values_of(message)["_unknown_fields"]:
        return False
    return not any(is_set(message, name) for name in metadata_of(type(message)).meta_by_field_name)
