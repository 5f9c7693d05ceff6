"""Hands out a package's names and modules, and imports each when somebody asks for it."""

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules


def hand_out(
    package: str, homes: Mapping[str, str] | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make a package's ``__getattr__`` and ``__dir__``.

    Its modules are handed out as well: which of them mypy takes for imported depends on what others import.

    Args:
        package: Its name.
        homes: In which module each name is defined.
    """
    homes = homes or {}
    attributes = vars(modules[package])

    def get(name: str) -> object:
        if name in homes:
            attributes[name] = getattr(import_module(homes[name]), name)
            return attributes[name]
        module = f"{package}.{name}"
        unknown = AttributeError(f"module {package!r} has no attribute {name!r}")
        if name.startswith("_"):
            raise unknown
        try:
            return import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            raise unknown from None

    def list_names() -> list[str]:
        return sorted({*attributes, *homes})

    return get, list_names
