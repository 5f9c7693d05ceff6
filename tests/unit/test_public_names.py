"""What the public packages hand out: every name, and no other."""

import importlib
from types import ModuleType

import betterproto
import pytest

import gossip
import gossip.api
import gossip.errors
import gossip.messages

GENERATED = ("gossip_protos.gossip", "gossip_protos.msp", "gossip_protos.protos", "gossip_protos.common")


def test_messages_has_every_class_that_was_generated() -> None:
    generated = {
        name
        for module in map(importlib.import_module, GENERATED)
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, betterproto.Message | betterproto.Enum)
        if value.__module__ == module.__name__
    }

    assert generated <= set(gossip.messages.__all__)


def test_all_of_errors_are_errors() -> None:
    errors = {
        name for name, value in vars(gossip.errors).items() if isinstance(value, type) and issubclass(value, Exception)
    }

    assert {*gossip.errors.__all__} == {*errors, "Fault"}


@pytest.mark.parametrize("package", [gossip, gossip.api])
def test_a_package_hands_out_what_it_lists(package: ModuleType) -> None:
    names = list(package.__all__)

    assert names == sorted(names)
    assert {*names} <= {*dir(package)}
    for name in names:
        assert getattr(package, name) is getattr(package, name)
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nothing'"):
        _ = package.nothing
