"""How fields of the generated classes are read: what holds something is a plain attribute, the rest as in betterproto.

betterproto looks for its placeholder at every read, which takes 0.75 us: for a message's payload, as much as decoding
it. Here a field that holds nothing is no attribute at all, and only for those does Python ask any further.
"""

import copyreg
import inspect
from types import ModuleType
from typing import Final, cast

import betterproto
import gossip_protos.common
import gossip_protos.gossip
import gossip_protos.msp
import gossip_protos.protos

from gossip.wire.construction import constructor_of, fields_of, mark_if_without_fields
from gossip.wire.copies import OF_MESSAGES, reduce_enum
from gossip.wire.values import PLACEHOLDER, values_of

MADE_BY_READING: Final = "_made_by_reading"
"""The mark of a sub-message that was made because somebody read its field."""

_write: Final = object.__setattr__


def metadata_of(cls: type[betterproto.Message]) -> betterproto.ProtoClassMetadata:
    """What betterproto knows of a generated class; worked out when it is first asked for."""
    return cls._betterproto  # type: ignore[arg-type]  # its descriptor is typed so that it fits no class


def _read_unset(message: betterproto.Message, name: str) -> object:
    """Make a field that holds nothing; a member of a oneof is refused, in betterproto's words."""
    metadata = None if name.startswith("_") else metadata_of(type(message))
    if metadata is None or name not in metadata.default_gen:
        raise AttributeError(f"{type(message).__name__!r} object has no attribute {name!r}", name=name, obj=message)
    values = values_of(message)
    group = metadata.oneof_group_by_field.get(name)
    if group is not None:
        current = cast("dict[str, str | None]", values["_group_current"])[group]
        raise AttributeError(f"{group!r} is set to {current!r}, not {name!r}", name=name, obj=message)
    value = values[name] = _make_default(message, name)
    return value


def _make_default(message: betterproto.Message, field_name: str) -> object:
    default = metadata_of(type(message)).default_gen[field_name]()
    if isinstance(default, betterproto.Message):
        values_of(default)[MADE_BY_READING] = True
    return default


def _read_raw(message: betterproto.Message, name: str) -> object:
    return values_of(message).get(name, PLACEHOLDER)


def _write_field(message: betterproto.Message, name: str, value: object) -> None:
    """Set a field; the member of its oneof that was set before is dropped."""
    mark_if_without_fields(value)
    values = values_of(message)
    values["_serialized_on_wire"] = True
    group = metadata_of(type(message)).oneof_group_by_field.get(name)
    if group is not None:
        current = cast("dict[str, str | None]", values["_group_current"])
        lost, current[group] = current[group], name
        if lost is not None:
            values.pop(lost, None)
    _write(message, name, value)


_HOOKS: Final = {
    "__getattribute__": object.__getattribute__,
    "__getattr__": _read_unset,
    "__setattr__": _write_field,
    "_Message__raw_get": _read_raw,
    "_get_field_default": _make_default,
    **OF_MESSAGES,
}


def _change(package: ModuleType) -> None:
    for _, cls in inspect.getmembers(package, inspect.isclass):
        if issubclass(cls, betterproto.Message):
            # By setattr, since mypy refuses to assign to a method.
            setattr(cls, "__init__", constructor_of(cls))  # noqa: B010
            for name, method in _HOOKS.items():
                setattr(cls, name, method)
            for field in fields_of(cls):
                delattr(cls, field.name)  # the placeholder
        elif issubclass(cls, betterproto.Enum):
            copyreg.pickle(cls, reduce_enum)


for _package in (gossip_protos.common, gossip_protos.gossip, gossip_protos.msp, gossip_protos.protos):
    _change(_package)
