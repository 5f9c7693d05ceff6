"""What the codec takes over from the generated classes, and what it would not understand."""

import inspect
from dataclasses import dataclass

import betterproto
import gossip_protos.common
import gossip_protos.gossip
import gossip_protos.msp
import gossip_protos.protos
import pytest

from gossip.messages import AliveMessage, GossipMessage, Member
from gossip.wire.presence import is_set
from gossip.wire.schema import schema_of
from tests.support.google import google_class

GENERATED = {
    f"{package.__name__.removeprefix('gossip_protos.')}.{name}": cls
    for package in (gossip_protos.common, gossip_protos.gossip, gossip_protos.msp, gossip_protos.protos)
    for name, cls in inspect.getmembers(package, inspect.isclass)
    if issubclass(cls, betterproto.Message) and cls.__module__ == package.__name__
}
RENAMED = {
    "common.MspPrincipal": "common.MSPPrincipal",
    "common.SignaturePolicyNOutOf": "common.SignaturePolicy.NOutOf",
}


@pytest.mark.parametrize("name", GENERATED)
def test_every_field_of_every_class_is_there(name: str) -> None:
    expected = google_class(RENAMED.get(name, name)).DESCRIPTOR.fields

    keys = list(schema_of(GENERATED[name]).fields)

    assert [key >> 3 for key in keys] == sorted(field.number for field in expected)
    assert {key >> 3 for key in keys if key & 7 == 2} == {
        field.number for field in expected if field.type in (9, 11, 12)
    }


@dataclass(eq=False, repr=False)
class _Packed(betterproto.Message):
    numbers: list[int] = betterproto.uint64_field(1)  # noqa: RUF009 -- as the generator writes it


@dataclass(eq=False, repr=False)
class _Fixed(betterproto.Message):
    number: int = betterproto.fixed64_field(1)


@dataclass(eq=False, repr=False)
class _OneofFirst(betterproto.Message):
    member: int = betterproto.uint64_field(1, group="one")
    alone: int = betterproto.uint64_field(2)


@pytest.mark.parametrize(
    ("cls", "text"),
    [
        (_Packed, "_Packed.numbers: the codec knows no fields like this"),
        (_Fixed, "_Fixed.number: the codec knows no fields like this"),
        (_OneofFirst, "_OneofFirst.alone: the codec writes oneofs last"),
    ],
)
def test_a_field_that_the_codec_does_not_know_is_refused_every_time(cls: type[betterproto.Message], text: str) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match=text):
            schema_of(cls)


def test_set_means_written() -> None:
    alive = AliveMessage(membership=Member())
    assert alive.timestamp.inc_num == 0

    assert is_set(alive, "membership")
    assert not is_set(alive, "timestamp")
    assert not is_set(alive, "identity")
    alive.timestamp.seq_num = 1
    assert is_set(alive, "timestamp")
    assert is_set(GossipMessage(alive_msg=AliveMessage()), "alive_msg")
    assert not is_set(GossipMessage(alive_msg=AliveMessage()), "mem_req")
