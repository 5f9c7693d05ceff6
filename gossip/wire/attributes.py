"""How fields of the generated classes are read: what holds something is a plain attribute, the rest as in betterproto.

betterproto looks for its placeholder at every read, which takes 0.75 us: for a message's payload, as much as decoding
it. Here a field that holds nothing is no attribute of the message, and only for those does Python ask its class.
"""

import copyreg
import gc
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


class _Unset:
    """A field of a class, which its messages ask when they hold nothing in it themselves."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, message: betterproto.Message | None, _: object) -> object:
        """Make what the field holds; a member of a oneof that is not set is refused, in betterproto's words."""
        if message is None:
            return PLACEHOLDER
        name, values = self._name, values_of(message)
        group = metadata_of(type(message)).oneof_group_by_field.get(name)
        if group is not None:
            current = cast("dict[str, str | None]", values["_group_current"])[group]
            if current != name:
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
    current = cast("dict[str, str | None] | None", values.get("_group_current"))
    if group is not None and current is not None:
        lost, current[group] = current[group], name
        if lost is not None:
            values.pop(lost, None)
    if value is PLACEHOLDER:  # as the constructor of a subclass that is a dataclass itself sets it
        values.pop(name, None)
    else:
        _write(message, name, value)


_HOOKS: Final = {
    "__getattribute__": object.__getattribute__,
    "__setattr__": _write_field,
    "_Message__raw_get": _read_raw,
    "_get_field_default": _make_default,
    **OF_MESSAGES,
}


def _change(package: ModuleType) -> None:
    for _, cls in inspect.getmembers(package, inspect.isclass):
        if issubclass(cls, betterproto.Message):
            if "_betterproto_meta" in vars(cls):
                _drop_placeholders(cls)
            # By setattr, since mypy refuses to assign to a method.
            setattr(cls, "__init__", constructor_of(cls))  # noqa: B010
            for name, method in _HOOKS.items():
                setattr(cls, name, method)
            for field in fields_of(cls):
                setattr(cls, field.name, _Unset(field.name))
        elif issubclass(cls, betterproto.Enum):
            copyreg.pickle(cls, reduce_enum)


def _drop_placeholders(cls: type[betterproto.Message]) -> None:
    """Take them from messages that were made before this module was imported."""
    for thing in gc.get_objects():
        if cls in type(thing).__mro__:
            values = values_of(thing)
            for name in [name for name, value in values.items() if value is PLACEHOLDER]:
                del values[name]


for _package in (gossip_protos.common, gossip_protos.gossip, gossip_protos.msp, gossip_protos.protos):
    _change(_package)
