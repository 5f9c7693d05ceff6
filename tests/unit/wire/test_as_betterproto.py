"""The generated classes do what betterproto makes them do, though `gossip.wire.attributes` changed how.

One program tells what every class does, once with betterproto alone and once with our changes.
"""

import subprocess
import sys

import pytest

PROGRAM = """
import dataclasses, inspect, sys
import betterproto
import gossip_protos.common, gossip_protos.gossip, gossip_protos.msp, gossip_protos.protos
EARLY = gossip_protos.gossip.GossipMessage(nonce=1)
if sys.argv[1] == "ours":
    import importlib
    import gossip.wire.attributes
    importlib.reload(gossip.wire.attributes)  # as in a notebook

def tell(what, do):
    try:
        print(what, repr(do()))
    except (AttributeError, NameError, TypeError) as error:
        print(what, type(error).__name__, error)

def sample(cls, name):
    made = cls._betterproto.default_gen[name]()
    if isinstance(made, list):
        return [b"item"]
    if isinstance(made, (bool, bytes, str, int)) and not isinstance(made, betterproto.Enum):
        return {bool: True, int: 1, bytes: b"one", str: "one"}[type(made)]
    return made

def on_wire(value):
    return betterproto.serialized_on_wire(value) if isinstance(value, betterproto.Message) else None

def chosen(message):
    groups = message._betterproto.oneof_field_by_group
    return [betterproto.which_one_of(message, group) for group in sorted(groups)]

def look(title, message):
    names = [field.name for field in dataclasses.fields(message)]
    tell(f"{title} repr", lambda: message)
    tell(f"{title} bool", lambda: bool(message))
    tell(f"{title} serialized_on_wire", lambda: betterproto.serialized_on_wire(message))
    tell(f"{title} is_set", lambda: [name for name in names if message.is_set(name)])
    tell(f"{title} rich", lambda: [(n, v) for n, v, p in message.__rich_repr__() if v is not p])
    tell(f"{title} one_of", lambda: chosen(message))
    tell(f"{title} bytes", lambda: bytes(message))
    tell(f"{title} length", lambda: len(message))
    tell(f"{title} to_dict", lambda: message.to_dict(include_default_values=False))
    tell(f"{title} equal", lambda: (message == type(message)(), message == type(message)().parse(bytes(message))))

@dataclasses.dataclass
class NoField:
    pass

@dataclasses.dataclass(slots=True)
class NoFieldOrDict:
    pass

for module in (gossip_protos.common, gossip_protos.gossip, gossip_protos.msp, gossip_protos.protos):
    for cls_name, cls in inspect.getmembers(module, inspect.isclass):
        if not issubclass(cls, betterproto.Message):
            continue
        names = [field.name for field in dataclasses.fields(cls)]
        print("signature", cls_name, list(inspect.signature(cls).parameters))
        look(cls_name, cls())
        for name in names:
            for message in (cls(), cls(**{name: sample(cls, name)})):
                title = f"{cls_name}.{name}"
                look(title, message)
                tell(title, lambda: (getattr(message, name), on_wire(getattr(message, name))))
                look(f"{title} after reading", message)
                for other in names:
                    setattr(message, other, sample(cls, other))
                    read = getattr(message, other)
                    tell(f"{title} after {other}", lambda: (message, on_wire(message), on_wire(read)))
                    tell(title, lambda: getattr(message, name))
        for title, message in {
            "all by position": cls(*[sample(cls, name) for name in names]),
            "all by name, backwards": cls(**{name: sample(cls, name) for name in names[::-1]}),
        }.items():
            # Not what it looks like: betterproto keeps members of a oneof that were given and can never be read.
            tell(f"{cls_name} {title}", lambda: (bytes(message), chosen(message)))
        tell(f"{cls_name} one too many", lambda: cls(*[None] * len(names), None))
        tell(f"{cls_name} twice", lambda: cls(None, **{names[0]: None}) if names else None)
        tell(f"{cls_name} unknown", lambda: cls(no_such_field=1))
        tell(f"{cls_name} unknown", lambda: cls().no_such_field)
        tell(f"{cls_name} defaults", lambda: cls(**{field.name: field.default for field in dataclasses.fields(cls)}))
        tell(f"{cls_name} has", lambda: [name for name in dir(cls) if name in names])
        tell(f"{cls_name} holds", lambda: [getattr(cls, name) is betterproto.PLACEHOLDER for name in names])

        class Plain(cls):
            def __init__(self, *given, **named):
                self.before = 1
                super().__init__(*given, **named)

            def __post_init__(self):
                super().__post_init__()
                self.after = 2

            @property
            def broken(self):
                return self.nothing

        Made = dataclasses.dataclass(eq=False, repr=False)(type("Made", (cls,), {}))
        for sub in (Plain, Made):
            look(f"{cls_name} {sub.__name__}", sub())
            tell(f"{cls_name} broken", lambda: sub().broken)
            tell(f"{cls_name} before", lambda: (sub().before, sub().after))
            for name in names:
                message = sub(**{name: sample(cls, name)})
                look(f"{cls_name}.{name} {sub.__name__}", message)
                tell(f"{cls_name}.{name} {sub.__name__}", lambda: [getattr(message, name) for name in names])

        for name in names:
            for other in names:
                message = cls(**{name: sample(cls, name)})
                delattr(message, name)
                title = f"{cls_name}.{name} deleted"
                tell(title, lambda: (message, message.is_set(name), bytes(message), chosen(message)))
                tell(f"{title} and {other} set", lambda: setattr(message, other, sample(cls, other)) or message)
            message = cls(**{name: sample(cls, name)})
            setattr(message, name, betterproto.PLACEHOLDER)
            tell(f"{cls_name}.{name} holds nothing", lambda: (message, getattr(message, name), bytes(message)))
            for wrong in (gossip_protos.gossip.Empty, NoField(), NoFieldOrDict()):
                tell(f"{cls_name}.{name} wrong", lambda: setattr(cls(), name, wrong) or cls(**{name: wrong}))

look("early", EARLY)
for field in dataclasses.fields(EARLY):
    tell(f"early.{field.name}", lambda: getattr(EARLY, field.name))
"""


@pytest.fixture(scope="module")
def told_by_betterproto() -> list[str]:
    return told_by("betterproto")


def told_by(whom: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, whom], capture_output=True, text=True, timeout=120, check=False
    )
    assert not ran.stderr
    return ran.stdout.splitlines()


def test_every_class_does_the_same(told_by_betterproto: list[str]) -> None:
    told_by_ours = told_by("ours")
    assert len(told_by_betterproto) > 1000
    for theirs, ours in zip(told_by_betterproto, told_by_ours, strict=True):
        assert ours == theirs
