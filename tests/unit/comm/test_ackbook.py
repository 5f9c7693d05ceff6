"""Who is told of which acknowledgement."""

from gossip.comm.ackbook import AckBook
from gossip.errors import ClosedError, NegativeAckError
from tests.support.hmac_crypto import identity_of, pki_id_of
from tests.support.recorders import Answers

ALICE, BOB = pki_id_of(identity_of("alice")), pki_id_of(identity_of("bob"))


def test_an_acknowledgement_ends_the_wait() -> None:
    book, answers = AckBook(), Answers()
    book.expect(BOB, 7, answers.note)
    book.answer(BOB, 7, "")
    assert answers == [(BOB, None)]
    assert (len(book), book._waiting) == (0, {}), "nothing is kept of a peer that owes nothing"


def test_a_refusal_brings_the_peers_words() -> None:
    book, answers = AckBook(), Answers()
    book.expect(BOB, 7, answers.note)
    book.answer(BOB, 7, "because reasons")
    ((peer, refusal),) = answers
    assert peer == BOB
    assert isinstance(refusal, NegativeAckError)
    assert refusal.reason == "because reasons"


def test_repeated_foreign_and_unknown_acknowledgements_are_nothing() -> None:
    book, answers = AckBook(), Answers()
    book.expect(BOB, 7, answers.note)
    book.answer(ALICE, 7, "")
    book.answer(BOB, 8, "")
    assert answers == []
    book.answer(BOB, 7, "")
    book.answer(BOB, 7, "too late")
    assert answers == [(BOB, None)]


def test_forgetting_returns_who_waited_and_tells_nobody() -> None:
    book, answers = AckBook(), Answers()
    book.expect(BOB, 7, answers.note)
    assert book.forget(BOB, 7) is not None
    assert book.forget(BOB, 7) is None
    book.answer(BOB, 7, "")
    assert (answers, len(book)) == ([], 0)


def test_abandoning_a_peer_ends_its_waits_and_nobody_elses() -> None:
    book, answers, others = AckBook(), Answers(), Answers()
    for nonce in (1, 2):
        book.expect(BOB, nonce, answers.note)
    book.expect(ALICE, 1, others.note)
    lost = ClosedError("gone")
    book.abandon(BOB, lost)
    book.abandon(BOB, lost)
    assert answers == [(BOB, lost), (BOB, lost)]
    assert (others, len(book)) == ([], 1)
