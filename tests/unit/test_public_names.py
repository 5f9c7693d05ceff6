"""What the public packages hand out: every name, and no other."""

import importlib
import subprocess
import sys
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


def run_anew(script: str) -> tuple[str, str]:
    """What a new process, in which nothing is imported, prints."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout, done.stderr


@pytest.mark.parametrize(
    "module", ["gossip.clock", "gossip.errors", "gossip.api.comm", "gossip.wire.signed", "gossip.node.peer"]
)
@pytest.mark.parametrize("imports_package", [False, True])
def test_a_module_is_there_without_an_import_of_its_own(module: str, imports_package: bool) -> None:
    """As mypy takes it for, where somebody else imports it."""
    imported = module.rpartition(".")[0] if imports_package else "gossip"
    assert run_anew(f"import {imported}; print({module}.__name__)") == (f"{module}\n", "")


def test_what_is_there_to_be_run_is_not_imported() -> None:
    assert run_anew("import gossip; print(hasattr(gossip, '__main__'))") == ("False\n", "")
