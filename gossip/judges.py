"""Judges of a user's own, such as a crypto service, that say no by raising: a no said in another way lets nobody in."""

from asyncio import CancelledError
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from inspect import iscoroutinefunction
from typing import ParamSpec, TypeVar

from gossip.errors import ConfigurationError, InvalidArgumentError
from gossip.shown import shown_text
from gossip.types import PeerIdentityType

P = ParamSpec("P")
T = TypeVar("T")
Name = TypeVar("Name", bound=bytes)


def must_be_awaited(function: object) -> bool:
    """Whether it is a coroutine function, or an object that is called as one."""
    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)


def check_function(name: str, function: object) -> None:
    """Return when it can be called, and answers at once.

    Raises:
        InvalidArgumentError: It is no function, or a coroutine function; ``name`` says which argument.
    """
    if not callable(function):
        raise InvalidArgumentError(name, f"must be a function, not {shown_text(repr(function))}")
    if must_be_awaited(function):
        raise InvalidArgumentError(name, f"must not wait, and {_name_of(function)} is a coroutine function")


def check_methods(name: str, thing: object, methods: Iterable[str]) -> None:
    """Return when it has these methods.

    Raises:
        ConfigurationError: One is missing; ``name`` says of which argument.
    """
    for method in methods:
        _find_method(name, thing, method)


def check_answers_at_once(name: str, judge: object, methods: Iterable[str]) -> None:
    """Return when it has these methods, and none of them is a coroutine function: nobody would await its verdict.

    Raises:
        ConfigurationError: One is missing, or is; ``name`` says of which argument.
    """
    for method in methods:
        found = _find_method(name, judge, method)
        if must_be_awaited(found):
            raise ConfigurationError(f"{name} must answer at once, and {_name_of(found)} is a coroutine function")


def ask(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call what answers at once, in which nobody is cancelled: of a future that it asks, its CancelledError is a fault.

    Raises:
        InvalidArgumentError: It raised a CancelledError, which would end whoever asks as if that one was cancelled.
        Exception: Whatever else ``function`` raises.
    """
    try:
        return function(*args, **kwargs)
    except CancelledError as error:
        text = "must return or raise an Exception, and raised CancelledError"
        raise InvalidArgumentError(_name_of(function), text) from error


def hear_verdict(judge: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Ask a judge who says no by raising; whoever answers, with False say, meant something that would be lost.

    Raises:
        InvalidArgumentError: It answered, or raised a CancelledError.
        Exception: Whatever ``judge`` raises.
    """
    answer = ask(judge, *args, **kwargs)
    if answer is not None:
        said = shown_text(repr(answer))
        raise InvalidArgumentError(_name_of(judge), f"must return None or raise, and answered {said}")


def hear_end(judge: Callable[[PeerIdentityType], object], identity: PeerIdentityType) -> datetime | None:
    """Ask when an identity ends; None is never. A time without a zone cannot be compared with our clock's.

    Raises:
        InvalidArgumentError: It answered something else than an aware datetime or None, or raised a CancelledError.
        Exception: Whatever ``judge`` raises.
    """
    ends_at = ask(judge, identity)
    if ends_at is None or (isinstance(ends_at, datetime) and ends_at.utcoffset() is not None):
        return ends_at
    said = shown_text(repr(ends_at))
    raise InvalidArgumentError(_name_of(judge), f"must return an aware datetime or None, and answered {said}")


def hear_name(judge: Callable[[PeerIdentityType], Name | None], identity: PeerIdentityType) -> Name | None:
    """Ask for an identity's PKI-ID or organisation; None where there is none.

    Raises:
        InvalidArgumentError: It answered something else than bytes or None, or raised a CancelledError.
        Exception: Whatever ``judge`` raises.
    """
    name = ask(judge, identity)
    answer: object = name  # who does not run mypy may answer anything
    if answer is None or isinstance(answer, bytes):
        return name
    raise InvalidArgumentError(_name_of(judge), f"must return bytes or None, and answered {shown_text(repr(answer))}")


def _find_method(name: str, thing: object, method: str) -> object:
    if isinstance(thing, type):
        raise ConfigurationError(f"{name} must be an object, and {shown_text(thing.__qualname__)} is a class")
    found = getattr(thing, method, None)
    if not callable(found):
        raise ConfigurationError(f"{name} has no method {method}: {type(thing).__name__}")
    return found


def _name_of(function: object) -> str:
    named = function.func if isinstance(function, partial) else function
    return str(getattr(named, "__qualname__", repr(named)))
