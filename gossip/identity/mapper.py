"""The identity mapper: judges identities before it stores them, and lets go of those that ended or serve nobody."""

import logging
from asyncio import CancelledError
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from gossip.answers import ask, hear_name, hear_verdict
from gossip.api.crypto import MessageCryptoService
from gossip.api.peer import PeerIdentityInfo, PeerIdentitySet, PeerSuspector
from gossip.api.security import SecurityAdvisor
from gossip.checks import check_answers_at_once, check_argument, check_function, check_method, check_number
from gossip.clock import Clock
from gossip.errors import ConfigurationError, UnknownIdentityError
from gossip.identity.admission import Admission
from gossip.identity.entry import Entry, PurgeReason
from gossip.identity.sweeper import Sweeper
from gossip.identity.table import IdentityTable
from gossip.turns import shared_turns
from gossip.types import PeerIdentityType, PkiId

logger = logging.getLogger("gossip.identity")

PurgeHandler = Callable[[PkiId, PeerIdentityType, PurgeReason], None]
"""Called once after each removal, in whatever thread removed. May call the mapper; what it raises is logged only."""

CRYPTO_METHODS = ("get_pki_id_of_cert", "validate_identity", "expiration", "sign", "verify")
"""What is asked here and in handshakes; one that nobody awaits would let in everybody."""
SWEEPS_PER_THRESHOLD = 10
MEAN_IDENTITY_BYTES = 2048
"""Twice what a Fabric CA makes; an owner can pad one certificate into any number of identities."""
MIN_TABLE_BYTES = 128 * 1024
"""Room for our own identity and the longest one that a handshake lets through."""
RECHECK_S = 60.0
"""However long the usage threshold is: so soon a clock that was set is noticed."""


class IdentityMapper:
    """Holds identities for as long as they are valid and in use; our own one for good.

    An identity leaves when it ended, when nobody asked for it for longer than the usage threshold, when it was
    suspected and does not hold any more, or, the least recently used first, when there are too many. One task removes
    what ended or was not used, between :meth:`start` and :meth:`stop` or in ``async with``; without that task, an
    identity that ended is not given out either. It locks nothing: use it in one thread at a time.

    Mirrors: gossip/identity/identity.go, identityMapperImpl.
    """

    def __init__(
        self,
        identity: PeerIdentityType,
        crypto: MessageCryptoService,
        advisor: SecurityAdvisor,
        *,
        clock: Clock,
        usage_threshold_s: float = 3600.0,
        max_identities: int = 10_000,
        on_purge: PurgeHandler | None = None,
        is_in_use: Callable[[PkiId], bool] = lambda _: False,
    ) -> None:
        """Make a mapper that holds our own identity.

        Args:
            identity: Our own.
            crypto: Judges identities, and signs with our own one's key.
            advisor: Tells their organisations.
            clock: What identities end and age by.
            usage_threshold_s: How long an identity stays that nobody asks for. Too small judges peers again that come
                back, too large keeps the identities of those that are gone.
            max_identities: How many are held at most, ours included; together they may have 2 KiB for each. With
                fewer than there are peers, connections drop each other; each costs its own length and about 500 bytes.
            on_purge: Called after each removal.
            is_in_use: Whose identities count as used, such as connected peers'. They leave last where there are too
                many: an organisation shall not push out others with identities without number.

        Raises:
            ConfigurationError: The threshold is no positive number, there is no room for anybody else, ``crypto``,
                ``advisor`` or ``clock`` lacks a method, or has one that must be awaited.
            IdentityError: Our own identity is not valid, or has ended.
            InvalidArgumentError: ``identity`` is not bytes, or one of the functions is none that answers at once.

        Mirrors: NewIdentityMapper, which panics where this raises IdentityError.
        """
        check_number("usage_threshold_s", usage_threshold_s)
        check_number("max_identities", max_identities, whole=True)
        if max_identities < 2:
            raise ConfigurationError(f"max_identities must be at least 2, our own and another, not {max_identities}")
        _check_users_code(crypto, advisor, clock, on_purge, is_in_use)
        self._crypto = crypto
        self._admission = Admission(crypto, advisor)
        self._clock = clock
        self._usage_threshold_s = usage_threshold_s
        self._max_identities = max_identities
        self._max_bytes = max(max_identities * MEAN_IDENTITY_BYTES, MIN_TABLE_BYTES)
        self._on_purge = on_purge
        self._is_in_use = is_in_use
        self._table = IdentityTable(self._admission.own_entry(identity, clock.now()))
        self._sweeper = Sweeper(clock, self._sweep, min(usage_threshold_s / SWEEPS_PER_THRESHOLD, RECHECK_S))

    def __repr__(self) -> str:
        return f"<IdentityMapper of {len(self._table)} identities>"

    def put(self, pki_id: PkiId, identity: PeerIdentityType) -> None:
        """Store an identity after judging it; one that is stored already is left as it is, which is no use of it.

        Nor does another identity take the place of one that is stored under its PKI-ID, until that one has ended.
        When a new one makes too many, the least recently used one leaves. Where it raises, nothing was stored.

        Raises:
            IdentityExpiredError: It ended before now.
            IdentityRevokedError: Its issuer revoked it.
            PkiIdMismatchError: ``pki_id`` is not its own.
            IdentityError: It is not valid, or one of the two is empty.
            InvalidArgumentError: One of the two is not bytes, such as a PKI-ID in hex.

        Mirrors: Put.
        """
        check_argument("pki_id", pki_id, bytes)
        check_argument("identity", identity, bytes)
        now = self._clock.now()
        ends_at = self._admission.vet(pki_id, identity, now)
        if pki_id in self._table:
            self._purge(self._table.list_expired(now), PurgeReason.EXPIRED)  # a former one of this PKI-ID, perhaps
        if pki_id in self._table:
            return
        entry = self._admission.entry_of(pki_id, identity, ends_at, now)
        self._table.add(entry)
        if entry.expires_at is not None:
            self._sweeper.notice(entry.expires_at)
        try:
            self._make_room()
        except BaseException:  # whatever ``is_in_use`` raises: there would be no bound to how many are held
            self._table.remove(entry)
            raise

    def get(self, pki_id: PkiId) -> PeerIdentityType:
        """Fetch an identity, which counts as use; one found to have ended is removed.

        Raises:
            UnknownIdentityError: None is stored under ``pki_id``.
            InvalidArgumentError: It is not bytes, such as a PKI-ID in hex.

        Mirrors: Get.
        """
        check_argument("pki_id", pki_id, bytes)
        now = self._clock.now()
        entry = self._table.use(pki_id, now)
        if entry is None:
            raise UnknownIdentityError(pki_id)
        if entry.is_expired(now) and entry is not self._table.own:
            self._purge((entry,), PurgeReason.EXPIRED)
            raise UnknownIdentityError(pki_id)
        return entry.identity

    def sign(self, message: bytes) -> bytes:
        """Sign with our own identity's key.

        Raises:
            InvalidArgumentError: ``message`` is not bytes, or the crypto service raised a CancelledError.

        Mirrors: Sign.
        """
        check_argument("message", message, bytes)
        return ask(self._crypto.sign, message)

    def verify(self, pki_id: PkiId, signature: bytes, message: bytes) -> None:
        """Return when the identity stored under ``pki_id`` made ``signature`` over ``message``; counts as use.

        Raises:
            UnknownIdentityError: None is stored under ``pki_id``.
            IdentityError: The stored identity is not valid any more.
            SignatureError: The signature does not hold.
            InvalidArgumentError: One of the three is not bytes.

        Mirrors: Verify.
        """
        check_argument("signature", signature, bytes)
        check_argument("message", message, bytes)
        hear_verdict(self._crypto.verify, self.get(pki_id), signature, message)

    def get_pki_id_of_cert(self, identity: PeerIdentityType) -> PkiId | None:
        """Name an identity, without judging it; None when it cannot be read.

        Raises:
            InvalidArgumentError: It is not bytes.

        Mirrors: GetPKIidOfCert.
        """
        check_argument("identity", identity, bytes)
        return hear_name(self._crypto.get_pki_id_of_cert, identity)

    def suspect_peers(self, is_suspected: PeerSuspector) -> None:
        """Judge again every other identity for which ``is_suspected`` returns True, and remove those that fail.

        Those that hold count as used; those that ended or were not used for too long are removed as well. When
        ``is_suspected`` raises, nothing is judged or removed.

        Raises:
            InvalidArgumentError: ``is_suspected`` is no function, or a coroutine function; nothing is removed.
            Exception: Whatever ``is_suspected`` raises, or the crypto service in place of a refusal, which is an error
                whose fault is the peer's; whoever is suspected stays.

        Mirrors: SuspectPeers.
        """
        check_function("is_suspected", is_suspected)
        suspected = [entry for entry in self._table if entry is not self._table.own and is_suspected(entry.identity)]
        self._sweep()
        failed = [entry for entry in suspected if not self._still_holds(entry)]
        self._purge(failed, PurgeReason.SUSPECTED)

    async def judge_again(self) -> None:
        """Judge every other identity again, those in use first, and remove each that fails; others get their turns.

        As `suspect_peers` of everybody, but that is done in one go, which takes seconds when there are thousands.

        Raises:
            Exception: Whatever the crypto service raises in place of a refusal, which is an error whose fault is the
                peer's; those that were not judged yet stay.

        Cancellation: those that were not judged yet stay.
        """
        self._sweep()
        turns = shared_turns()
        for entry in sorted(self._table, key=lambda entry: not self._is_in_use(entry.pki_id)):
            if entry is self._table.own:
                continue
            if not self._still_holds(entry):
                self._purge((entry,), PurgeReason.SUSPECTED)
            await turns.turn()

    def identity_info(self) -> PeerIdentitySet:
        """Everything that is stored, our own identity included, which is no use of it. Mirrors: IdentityInfo."""
        now = self._clock.now()
        return PeerIdentitySet(
            PeerIdentityInfo(entry.pki_id, entry.identity, entry.organization)
            for entry in self._table
            if entry is self._table.own or not entry.is_expired(now)
        )

    def set_identity(self, identity: PeerIdentityType) -> None:
        """Take another identity for our own, as after a renewal; the former one ages from now on like any other.

        Raises:
            InvalidArgumentError: It is not bytes; the former one stays.
            IdentityError: It is not valid, or has ended; the former one stays.
        """
        now = self._clock.now()
        self._table.set_own(self._admission.own_entry(identity, now), now)
        former_end_at = self._table.find_next_end()
        if former_end_at is not None:
            self._sweeper.notice(former_end_at)
        self._make_room()

    def start(self) -> None:
        """Begin to watch over ends and use, on the running event loop; nothing happens when that runs already."""
        self._sweeper.start()

    def stop(self) -> None:
        """End the watch; what is stored stays. May be called again. Mirrors: Stop."""
        self._sweeper.stop()

    async def __aenter__(self) -> Self:
        """Start.

        Cancellation: does not wait, so cannot be cancelled.
        """
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, and wait until the task has ended.

        Cancellation: it ends all the same.
        """
        await self._sweeper.close()

    def _still_holds(self, entry: Entry) -> bool:
        """Whether the crypto service still takes it, which is use of it."""
        is_valid = self._admission.is_valid(entry)
        if is_valid:
            self._table.use(entry.pki_id, self._clock.now())
        return is_valid

    def _make_room(self) -> None:
        if self._table.is_over(self._max_identities, self._max_bytes):
            self._purge(self._table.list_expired(self._clock.now()), PurgeReason.EXPIRED)
            self._purge(self._list_surplus(), PurgeReason.EVICTED)

    def _list_surplus(self) -> list[Entry]:
        """Who leaves. Who is in use counts as used now, so that the next one who comes need not look at them again."""
        now, newest, used = self._clock.now(), self._table.newest, list[Entry]()
        order = self._in_order_of_leaving(newest, used)
        surplus = self._table.list_surplus(self._max_identities, self._max_bytes, order)
        for entry in used:
            self._table.use(entry.pki_id, now)
        return surplus

    def _in_order_of_leaving(self, newest: Entry, used: list[Entry]) -> Iterator[Entry]:
        """Who is not in use before who is, and of each the least recently used first; never the newest."""
        for entry in self._table.by_use():
            if entry is newest:
                continue
            if self._is_in_use(entry.pki_id):
                used.append(entry)
            else:
                yield entry
        yield from used

    def _sweep(self) -> datetime | None:
        now = self._clock.now()
        self._purge(self._table.list_expired(now), PurgeReason.EXPIRED)
        self._purge(self._list_unused(now), PurgeReason.UNUSED)
        return self._table.find_next_end()

    def _list_unused(self, now: datetime) -> list[Entry]:
        """Who was not used for too long. Who is in use counts as used now: nothing of a connection asks for it."""
        unused = []
        for entry in self._table.list_unused(now, self._usage_threshold_s):
            if self._is_in_use(entry.pki_id):
                self._table.use(entry.pki_id, now)
            else:
                unused.append(entry)
        return unused

    def _purge(self, entries: Iterable[Entry], reason: PurgeReason) -> None:
        """Remove all of them first, so that whoever is told of one finds none of them."""
        for entry in [entry for entry in entries if self._table.remove(entry)]:
            if self._on_purge is None:
                continue
            try:
                self._on_purge(entry.pki_id, entry.identity, reason)
            except (Exception, CancelledError):  # of a future that it asks, say: nobody is cancelled in here
                logger.exception("on_purge failed for the identity %s, which is %s", entry.pki_id.hex(), reason)


def _check_users_code(
    crypto: MessageCryptoService,
    advisor: SecurityAdvisor,
    clock: Clock,
    on_purge: PurgeHandler | None,
    is_in_use: Callable[[PkiId], bool],
) -> None:
    check_answers_at_once("crypto", crypto, CRYPTO_METHODS)
    check_answers_at_once("advisor", advisor, ("org_by_peer_identity",))
    check_answers_at_once("clock", clock, ("now",))
    check_method("clock", clock, "sleep")
    if on_purge is not None:
        check_function("on_purge", on_purge)
    check_function("is_in_use", is_in_use)
