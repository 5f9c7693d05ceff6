"""How messages of the generated classes are made: all fields at once.

A dataclass sets one after the other, given or not, and betterproto looks at each; a GossipMessage has 27. To make one
around a block took fifteen times as many instructions.
"""

import dataclasses
from collections.abc import Callable
from functools import wraps
from inspect import unwrap
from typing import Any, cast

import betterproto

from gossip.wire.values import PLACEHOLDER, set_values, values_of


def fields_of(cls: type[betterproto.Message]) -> tuple[dataclasses.Field[Any], ...]:
    """The fields of a generated class, in its order."""
    return dataclasses.fields(cls)  # type: ignore[arg-type]  # only the generated classes are known to be dataclasses


def mark_if_without_fields(value: object) -> None:
    """A message that cannot hold anything counts as set wherever it is put."""
    if getattr(value, "__dataclass_fields__", None) == {} and isinstance(value, betterproto.Message):
        values_of(value)["_serialized_on_wire"] = True


class _Given:
    """What a dataclass's own ``__init__`` is given, defaults and all."""

    def __post_init__(self) -> None:
        """Called by it at the end."""


def constructor_of(cls: type[betterproto.Message]) -> Callable[..., None]:
    """An ``__init__`` that takes the arguments of the class's own; what is not given stays out of the ``__dict__``.

    Of several members of a oneof the one that the class names last stays, as in betterproto. A subclass, which may have
    attributes and a ``__post_init__`` of its own, is made as a dataclass is.
    """
    fields = fields_of(cls)
    order = {field.name: number for number, field in enumerate(fields)}
    members = {field.name: group for field in fields if (group := betterproto.FieldMetadata.get(field).group)}
    none_chosen: dict[str, str | None] = dict.fromkeys(members.values())
    by_dataclass = cast("Callable[..., None]", unwrap(vars(cls)["__init__"]))

    @wraps(by_dataclass)
    def construct(message: betterproto.Message, /, *positional: object, **values: object) -> None:
        if type(message) is not cls:
            by_dataclass(message, *positional, **values)
            return
        if positional or not values.keys() <= order.keys():
            given = _Given()
            by_dataclass(given, *positional, **values)  # refuses what is wrong
            values = {name: value for name, value in vars(given).items() if value is not PLACEHOLDER}
        for value in values.values():
            mark_if_without_fields(value)
        is_given = bool(values)
        chosen = none_chosen.copy()
        for name in sorted(values.keys() & members.keys(), key=order.__getitem__) if members else ():
            group = members[name]
            lost = chosen[group]
            if lost is not None:
                del values[lost]
            chosen[group] = name
        values["_serialized_on_wire"] = is_given
        values["_unknown_fields"] = b""
        values["_group_current"] = chosen
        set_values(message, values)

    return construct
