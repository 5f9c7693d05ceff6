"""How messages are copied and pickled: with everything that decides how they are encoded.

betterproto's own copies lose unknown fields, and which sub-messages were set or merely read; its enums are not pickled.
"""

import copy
from collections.abc import Callable
from typing import Final, cast

import betterproto

from gossip.wire.values import values_of

_CHOSEN: Final = "_group_current"
"""Which member of each oneof is set; the only part of a message that even a shallow copy must not share."""


def _state(message: betterproto.Message) -> dict[str, object]:
    state = values_of(message).copy()
    state[_CHOSEN] = dict(cast("dict[str, str | None]", state[_CHOSEN]))
    return state


def _reduce(message: betterproto.Message) -> tuple[type[betterproto.Message], tuple[()], dict[str, object]]:
    return type(message), (), _state(message)


def _set_state(message: betterproto.Message, state: dict[str, object]) -> None:
    values_of(message).update(state)


def _copy(message: betterproto.Message) -> betterproto.Message:
    copied = type(message)()
    values_of(copied).update(_state(message))
    return copied


def _deep_copy(message: betterproto.Message, memo: dict[int, object]) -> betterproto.Message:
    copied = type(message)()
    memo[id(message)] = copied
    values_of(copied).update(copy.deepcopy(_state(message), memo))
    return copied


def reduce_enum(member: betterproto.Enum) -> tuple[Callable[[int], betterproto.Enum], tuple[int]]:
    """What makes the member again; for :mod:`copyreg`."""
    return type(member).try_value, (int(member),)


OF_MESSAGES: Final = {
    "__copy__": _copy,
    "__deepcopy__": _deep_copy,
    "__reduce__": _reduce,
    "__setstate__": _set_state,
}
