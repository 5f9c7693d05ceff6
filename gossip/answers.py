"""What a user's own code, such as a crypto service, answers: what is no answer lets nobody in."""

from asyncio import CancelledError
from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

from gossip.checks import name_of
from gossip.errors import InvalidArgumentError
from gossip.shown import shown_text
from gossip.types import PeerIdentityType

P = ParamSpec("P")
T = TypeVar("T")
Name = TypeVar("Name", bound=bytes)


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
        raise InvalidArgumentError(name_of(function), text) from error


def hear_verdict(judge: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Ask a judge who says no by raising; whoever answers, with False say, meant something that would be lost.

    Raises:
        InvalidArgumentError: It answered, or raised a CancelledError.
        Exception: Whatever ``judge`` raises.
    """
    answer = ask(judge, *args, **kwargs)
    if answer is not None:
        said = shown_text(repr(answer))
        raise InvalidArgumentError(name_of(judge), f"must return None or raise, and answered {said}")


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
    raise InvalidArgumentError(name_of(judge), f"must return an aware datetime or None, and answered {said}")


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
    raise InvalidArgumentError(name_of(judge), f"must return bytes or None, and answered {shown_text(repr(answer))}")
