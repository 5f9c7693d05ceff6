"""A crypto service whose verdicts must be awaited, which nobody does, lets in nobody: it is refused."""

from datetime import UTC, datetime

import pytest

from gossip.clock import SystemClock
from gossip.errors import ConfigurationError, InvalidArgumentError
from gossip.identity.mapper import CRYPTO_METHODS, IdentityMapper
from gossip.types import OrgIdentityType, PeerIdentityType, PkiId


class Crypto:
    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId:
        return PkiId(identity)

    def validate_identity(self, identity: PeerIdentityType) -> None: ...

    def expiration(self, identity: PeerIdentityType) -> datetime:
        return datetime.max.replace(tzinfo=UTC)

    def sign(self, message: bytes) -> bytes:
        return message

    def verify(self, identity: PeerIdentityType, signature: bytes, message: bytes) -> None: ...

    def verify_by_channel(self, channel: bytes, identity: bytes, signature: bytes, message: bytes) -> None: ...


class Advisor:
    def org_by_peer_identity(self, identity: PeerIdentityType) -> OrgIdentityType:
        return OrgIdentityType(b"org")


async def awaited(*_: object) -> None: ...


class Awaited:
    """Must be awaited too, and is no function."""

    async def __call__(self, *_: object) -> None: ...


@pytest.mark.parametrize("method", CRYPTO_METHODS)
@pytest.mark.parametrize("other", [awaited, Awaited(), None])
def test_a_method_that_must_be_awaited_or_is_missing_is_named(method: str, other: object) -> None:
    crypto = Crypto()
    setattr(crypto, method, other)
    with pytest.raises(ConfigurationError, match=f"crypto .*{method if other is None else 'coroutine function'}"):
        IdentityMapper(PeerIdentityType(b"me"), crypto, Advisor(), clock=SystemClock())


def test_an_advisor_answers_at_once_too() -> None:
    advisor = Advisor()
    setattr(advisor, "org_by_peer_identity", awaited)  # noqa: B010 -- mypy
    with pytest.raises(ConfigurationError, match="advisor must answer at once"):
        IdentityMapper(PeerIdentityType(b"me"), Crypto(), advisor, clock=SystemClock())


def test_a_clock_tells_the_time_at_once() -> None:
    clock = SystemClock()
    setattr(clock, "now", awaited)  # noqa: B010 -- mypy
    with pytest.raises(ConfigurationError, match="clock must answer at once"):
        IdentityMapper(PeerIdentityType(b"me"), Crypto(), Advisor(), clock=clock)


def test_a_clock_can_be_slept_by() -> None:
    clock = SystemClock()
    setattr(clock, "sleep", None)  # noqa: B010 -- mypy
    with pytest.raises(ConfigurationError, match=r"^clock has no method sleep: SystemClock$"):
        IdentityMapper(PeerIdentityType(b"me"), Crypto(), Advisor(), clock=clock)


def test_a_class_is_no_crypto_service() -> None:
    with pytest.raises(ConfigurationError, match=r"^crypto must be an object, and Crypto is a class$"):
        IdentityMapper(PeerIdentityType(b"me"), Crypto, Advisor(), clock=SystemClock())  # type: ignore[arg-type]  # on purpose


@pytest.mark.parametrize("name", ["on_purge", "is_in_use"])
@pytest.mark.parametrize("other", [awaited, 3])
def test_what_the_mapper_calls_answers_at_once(name: str, other: object) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{name} must "):
        IdentityMapper(PeerIdentityType(b"me"), Crypto(), Advisor(), clock=SystemClock(), **{name: other})  # type: ignore[arg-type]  # on purpose
