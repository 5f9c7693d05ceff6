"""How fields of the generated classes are read: as betterproto reads them, but faster, and noting what reading makes.

betterproto's own ``__getattribute__`` costs 0.75 us a read, which for a message's payload is as much as decoding it.
"""

import copyreg
import dataclasses
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Final, cast

import betterproto
import gossip_protos.common
import gossip_protos.gossip
import gossip_protos.msp
import gossip_protos.protos

from gossip.wire.copies import OF_MESSAGES, reduce_enum
from gossip.wire.values import PLACEHOLDER, values_of

MADE_BY_READING: Final = "_made_by_reading"
"""The mark of a sub-message that was made because somebody read its field."""

_read: Final = object.__getattribute__
_read_unset: Final = betterproto.Message.__getattribute__
_post_init: Final = betterproto.Message.__post_init__


def metadata_of(cls: type[betterproto.Message]) -> betterproto.ProtoClassMetadata:
    """What betterproto knows of a generated class; worked out when it is first asked for."""
    return cls._betterproto  # type: ignore[arg-type]  # its descriptor is typed so that it fits no class


def _read_field(message: betterproto.Message, name: str) -> object:
    value = _read(message, name)
    return _read_unset(message, name) if value is PLACEHOLDER else value


def _post_init_with_oneofs(groups: dict[str, str]) -> Callable[[betterproto.Message], None]:
    def post_init(message: betterproto.Message) -> None:
        """Forget all but the last of several members that were given, so that reading need not ask which is set."""
        _post_init(message)
        values = values_of(message)
        current = cast("dict[str, str | None]", values["_group_current"])
        for name, group in groups.items():
            if current[group] != name:
                values[name] = PLACEHOLDER

    return post_init


def _oneofs_of(cls: type[betterproto.Message]) -> dict[str, str]:
    """By field, the oneof that it belongs to; betterproto's own table would be made for every class at once."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # only the generated classes are known to be dataclasses
    metadata = {field.name: betterproto.FieldMetadata.get(field) for field in fields}
    return {name: of_field.group for name, of_field in metadata.items() if of_field.group}


def _make_default(message: betterproto.Message, field_name: str) -> object:
    default = metadata_of(type(message)).default_gen[field_name]()
    if isinstance(default, betterproto.Message):
        values_of(default)[MADE_BY_READING] = True
    return default


def _change(package: ModuleType) -> None:
    for _, cls in inspect.getmembers(package, inspect.isclass):
        if issubclass(cls, betterproto.Message):
            # By setattr, since mypy refuses to assign to a method.
            setattr(cls, "__getattribute__", _read_field)  # noqa: B010
            if groups := _oneofs_of(cls):
                setattr(cls, "__post_init__", _post_init_with_oneofs(groups))  # noqa: B010
            setattr(cls, "_get_field_default", _make_default)  # noqa: B010
            for name, method in OF_MESSAGES.items():
                setattr(cls, name, method)
        elif issubclass(cls, betterproto.Enum):
            copyreg.pickle(cls, reduce_enum)


for _package in (gossip_protos.common, gossip_protos.gossip, gossip_protos.msp, gossip_protos.protos):
    _change(_package)
