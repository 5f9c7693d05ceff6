"""Settings and arguments, checked where they are given: what cannot be used is named there, and not met hours later."""

import sys
from collections.abc import Iterable
from dataclasses import Field, fields
from functools import partial
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, ClassVar, Protocol

from gossip.errors import ConfigurationError, InvalidArgumentError
from gossip.shown import PEM_BEGIN, shown_text


class Settings(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def check_numbers(settings: Settings, *, may_be_zero: tuple[str, ...] = ()) -> None:
    """Return when every number is positive and finite.

    Args:
        settings: A dataclass; its numbers are the fields that have a number for a default.
        may_be_zero: The names of those that need not be more than 0.

    Raises:
        ConfigurationError: One is not; it is named.
    """
    for field in fields(settings):
        if isinstance(field.default, int | float) and not isinstance(field.default, bool):
            value = getattr(settings, field.name)
            check_number(field.name, value, whole=isinstance(field.default, int), may_be_zero=field.name in may_be_zero)


def is_finite(value: float) -> bool:
    """Whether a number is neither infinite nor more than a float can hold."""
    return -sys.float_info.max <= value <= sys.float_info.max


def check_number(name: str, value: object, *, whole: bool = False, may_be_zero: bool = False) -> None:
    """Return when it is a positive and finite number.

    Raises:
        ConfigurationError: It is not; ``name`` says of which setting.
    """
    if not isinstance(value, int | float) or isinstance(value, bool) or not is_finite(value):
        raise ConfigurationError(f"{name} must be a number, not {shown_text(repr(value))}")
    if whole and not isinstance(value, int):
        raise ConfigurationError(f"{name} must be a whole number, not {value!r}")
    if may_be_zero and value < 0:
        raise ConfigurationError(f"{name} must not be negative, not {value:g}")
    if not may_be_zero and value <= 0:
        raise ConfigurationError(f"{name} must be positive, not {value:g}")


def check_at_most(name: str, value: int, most: int) -> None:
    """Return when it is no more than what the protocol has room for.

    Raises:
        ConfigurationError: It is; ``name`` says of which setting.
    """
    if value > most:
        raise ConfigurationError(f"{name} must be at most {most}, not {value}")


def check_kind(name: str, value: object, kind: type, *, may_be_none: bool = False) -> None:
    """Return when it is of this class.

    Raises:
        ConfigurationError: It is not; ``name`` says of which setting.
    """
    if not (isinstance(value, kind) or (may_be_none and value is None)):
        raise ConfigurationError(f"{name} must be a {kind.__name__}{' or None' if may_be_none else ''}, not {value!r}")


def check_argument(name: str, value: object, kind: type) -> None:
    """Return when it is of this class.

    Raises:
        InvalidArgumentError: It is not; ``name`` says which argument.
    """
    if not isinstance(value, kind):
        raise InvalidArgumentError(name, f"must be {kind.__name__}, not {shown_text(repr(value))}")


def check_text(name: str, value: object) -> None:
    """Return when it is a str that UTF-8 can hold, as everything that goes over the wire.

    Raises:
        ConfigurationError: It is not; ``name`` says of which setting.
    """
    check_kind(name, value, str)
    try:
        str(value).encode()
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{name} must be text that UTF-8 can hold, not {value!r}") from error


def check_path(name: str, path: object) -> None:
    """Return when it is a path.

    Raises:
        ConfigurationError: It is not; ``name`` says of which setting.
    """
    if not isinstance(path, Path):
        raise ConfigurationError(f"{name} must be a pathlib.Path, not {path!r}")
    if PEM_BEGIN in str(path):
        raise ConfigurationError(f"{name} must be a path, and is a key or a certificate itself")
    if "\0" in str(path):
        raise ConfigurationError(f"{name} must be a path, and {str(path)!r} has a NUL in it")


def check_paths(name: str, paths: object) -> None:
    """Return when it is a tuple of paths; a list will do.

    Raises:
        ConfigurationError: It is not; ``name`` says of which setting.
    """
    if not isinstance(paths, tuple | list):
        raise ConfigurationError(f"{name} must be a tuple of pathlib.Path, not {paths!r}")
    for path in paths:
        check_path(name, path)


def check_function(name: str, function: object) -> None:
    """Return when it can be called, and answers at once.

    Raises:
        InvalidArgumentError: It is no function, or a coroutine function; ``name`` says which argument.
    """
    if not callable(function):
        raise InvalidArgumentError(name, f"must be a function, not {shown_text(repr(function))}")
    if _must_be_awaited(function):
        raise InvalidArgumentError(name, f"must not wait, and {name_of(function)} is a coroutine function")


def check_method(name: str, thing: object, method: str) -> None:
    """Return when it has this method.

    Raises:
        ConfigurationError: It is missing; ``name`` says of which argument.
    """
    _method(name, thing, method)


def check_answers_at_once(name: str, judge: object, methods: Iterable[str]) -> None:
    """Return when it has these methods, and none of them is a coroutine function: nobody would await its verdict.

    Raises:
        ConfigurationError: One is missing, or is; ``name`` says of which argument.
    """
    for method in methods:
        found = _method(name, judge, method)
        if _must_be_awaited(found):
            raise ConfigurationError(f"{name} must answer at once, and {name_of(found)} is a coroutine function")


def name_of(function: object) -> str:
    """What a text calls it."""
    named = function.func if isinstance(function, partial) else function
    return str(getattr(named, "__qualname__", repr(named)))


def _method(name: str, thing: object, method: str) -> object:
    if isinstance(thing, type):
        raise ConfigurationError(f"{name} must be an object, and {shown_text(thing.__qualname__)} is a class")
    found = getattr(thing, method, None)
    if not callable(found):
        raise ConfigurationError(f"{name} has no method {method}: {type(thing).__name__}")
    return found


def _must_be_awaited(function: object) -> bool:
    """Whether it is a coroutine function, or an object that is called as one."""
    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)
