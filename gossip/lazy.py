"""Hands out a package's names, and imports each when somebody asks for it."""

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from sys import modules


def hand_out(
    package: str, homes: Mapping[str, str], submodules: Collection[str] = ()
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make a package's ``__getattr__`` and ``__dir__``.

    Args:
        package: Its name.
        homes: In which module each name is defined.
        submodules: Those that mypy takes for imported, since names come from them.
    """
    attributes = vars(modules[package])

    def get(name: str) -> object:
        if name in submodules:
            return import_module(f"{package}.{name}")
        try:
            home = homes[name]
        except KeyError:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from None
        attributes[name] = getattr(import_module(home), name)
        return attributes[name]

    def list_names() -> list[str]:
        return sorted({*attributes, *homes})

    return get, list_names
