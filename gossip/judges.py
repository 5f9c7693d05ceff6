"""Judges of a user's own, such as a crypto service, that say no by raising: a no said in another way lets nobody in."""

from collections.abc import Callable, Iterable
from functools import partial
from inspect import iscoroutinefunction
from typing import ParamSpec

from gossip.errors import ConfigurationError, InvalidArgumentError
from gossip.shown import shown_text

P = ParamSpec("P")


def must_be_awaited(function: object) -> bool:
    """Whether it is a coroutine function, or an object that is called as one."""
    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__)


def check_answers_at_once(name: str, judge: object, methods: Iterable[str]) -> None:
    """Return when it has these methods, and none of them is a coroutine function: nobody would await its verdict.

    Raises:
        ConfigurationError: One is missing, or is; ``name`` says of which argument.
    """
    for method in methods:
        found = getattr(judge, method, None)
        if not callable(found):
            raise ConfigurationError(f"{name} has no method {method}: {type(judge).__name__}")
        if must_be_awaited(found):
            what = getattr(found, "__qualname__", repr(found))
            raise ConfigurationError(f"{name} must answer at once, and {what} is a coroutine function")


def hear_verdict(judge: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Ask a judge who says no by raising; whoever answers, with False say, meant something that would be lost.

    Raises:
        InvalidArgumentError: It answered.
        Exception: Whatever ``judge`` raises.
    """
    answer = judge(*args, **kwargs)
    if answer is not None:
        asked = judge.func if isinstance(judge, partial) else judge
        name = getattr(asked, "__qualname__", repr(asked))
        raise InvalidArgumentError(name, f"must return None or raise, and answered {shown_text(repr(answer))}")
