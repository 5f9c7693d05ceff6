"""Which keys are exchanged, and that neither side can be made to exchange costly ones."""

import ssl
from contextlib import suppress

import pytest

from gossip.misbehave.client_hello import client_hello, costly_client_hello
from gossip.transport.tls.contexts import client_side, server_side
from gossip.transport.tls.hello import FirstWords, asks_again, refuse_costly
from tests.support.lines import count_lines
from tests.support.tls_files import tls_files

MAX_FIRST_BYTES = 16 * 1024
X25519, P256 = 0x001D, 0x0017
FILES = tls_files(1, 0)


def first_words(context: ssl.SSLContext, *, heard: bytes = b"") -> bytes:
    """What the context says first: as a client, or as a server that heard this."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(heard)
    tls = context.wrap_bio(incoming, outgoing, server_side=bool(heard), server_hostname=None if heard else "localhost")
    with suppress(ssl.SSLError):
        tls.do_handshake()
    return outgoing.read()


def server_of(group: str) -> ssl.SSLContext:
    """A server that takes one group."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FILES.certificate, FILES.key)
    context.set_ecdh_curve(group)
    return context


OUR_HELLO = first_words(client_side(FILES).context)
ANSWER, RETRY_P256, RETRY_FFDHE = (
    first_words(server_of(group), heard=OUR_HELLO) for group in ("X25519", "prime256v1", "ffdhe2048")
)


def taken(*pieces: bytes) -> list[bytes]:
    """What goes on of each piece."""
    words = FirstWords()
    return [piece if words.is_whole else words.take(piece) for piece in pieces]


def in_records_of_one_byte(record: bytes) -> bytes:
    """What the first record holds, each byte in a record of its own."""
    message = record[5 : 5 + int.from_bytes(record[3:5])]
    return b"".join(b"\x16\x03\x01\x00\x01" + message[index : index + 1] for index in range(len(message)))


def judge(said: bytes) -> None:
    """Judge a server by what it said, as a dialler does."""
    words = FirstWords()
    assert words.take(said) == said
    refuse_costly(words.message)


@pytest.mark.parametrize(
    ("said", "group"),
    [
        (OUR_HELLO, "x25519"),
        (client_hello(X25519, bytes(32)), "x25519"),
        (client_hello(P256, bytes(65)), "p256"),
        (costly_client_hello(), "p256"),
    ],
)
def test_a_listener_takes_the_group_that_the_client_has_a_key_for(said: bytes, group: str) -> None:
    openings = server_side(FILES).openings
    assert openings is not None
    assert openings.fitting(said) is getattr(openings, group)


@pytest.mark.parametrize("group", ["x25519", "p256"])
def test_neither_opening_takes_another_group(group: str) -> None:
    alert = first_words(getattr(server_side(FILES).openings, group), heard=costly_client_hello())
    assert alert == bytes.fromhex("15030300020228")  # handshake failure


def test_an_answer_is_held_back_until_its_first_message_is_whole_and_goes_on_as_it_came() -> None:
    assert taken(ANSWER, b"more") == [ANSWER, b"more"]
    assert taken(ANSWER[:20], ANSWER[20:]) == [b"", ANSWER]
    assert taken(RETRY_P256) == [RETRY_P256]


@pytest.mark.parametrize("at", [3, 7, 40, len(RETRY_FFDHE) // 2])
def test_a_server_that_wants_a_finite_field_is_refused_wherever_its_words_are_cut(at: int) -> None:
    assert asks_again(RETRY_FFDHE[5:])
    first, rest = taken(RETRY_FFDHE[:at], RETRY_FFDHE[at:])
    assert first == b"" or at == len(RETRY_FFDHE) // 2
    with pytest.raises(ssl.SSLError, match="KEY_EXCHANGE_TOO_COSTLY"):
        judge(first or rest)


def test_a_server_that_wants_it_in_records_of_one_byte_is_refused_too() -> None:
    records = in_records_of_one_byte(RETRY_FFDHE)
    *held, whole = taken(*(records[start : start + 6] for start in range(0, len(records), 6)))
    assert set(held) == {b""}
    with pytest.raises(ssl.SSLError, match="KEY_EXCHANGE_TOO_COSTLY"):
        judge(whole)


@pytest.mark.parametrize("step", [1, 6, 1000])
@pytest.mark.parametrize(
    "before", ["1503030002015a", "15030300020170", "1403030000", "140303000101", "160303000400000000"]
)
def test_a_server_that_says_something_before_is_refused_however_it_is_cut(before: str, step: int) -> None:
    words, said = FirstWords(), bytes.fromhex(before) + RETRY_FFDHE

    def hear() -> None:
        for at in range(0, len(said), step):
            assert words.take(said[at : at + step]) == b"" or words.message
            refuse_costly(words.message)

    with pytest.raises(ssl.SSLError, match=r"WARNING_ALERT|UNEXPECTED_MESSAGE"):
        hear()


def test_half_an_alert_behind_a_part_of_the_first_message_leaves_what_came_as_it_was() -> None:
    begun, alert = RETRY_FFDHE[:3] + b"\x00\x06" + RETRY_FFDHE[5:11], b"\x15\x03\x03\x00\x02\x01"
    words = FirstWords()
    assert words.take(begun + alert) == b""
    assert words.take(b"\x00") == begun + alert + b"\x00"


@pytest.mark.parametrize("alert", ["15030300020228", "15030300020100"])
def test_an_alert_that_ends_the_handshake_goes_on_when_that_is_known(alert: str) -> None:
    said = bytes.fromhex(alert)
    words = FirstWords()
    passed = b"".join(words.take(said[at : at + 1]) for at in range(len(said) - 1) if not words.is_whole)
    assert words.is_whole or words.take(said[-1:]) == said
    assert said.startswith(passed)


@pytest.mark.parametrize("said", [ANSWER, RETRY_P256, bytes.fromhex("15030300020228")])
def test_other_servers_are_not(said: bytes) -> None:
    judge(said)


def test_what_is_no_handshake_goes_on() -> None:
    alert = bytes.fromhex("15030300020228")
    assert taken(alert) == [alert]


def test_a_first_message_without_end_is_refused() -> None:
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_TOO_LONG"):
        taken(*[b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(0x4000 - 4)] * 2)


def test_a_first_message_may_be_held_back_up_to_the_limit_and_its_length_has_three_bytes() -> None:
    begun = b"\x16\x03\x03\x40\x00\x02\x01\x00\x00"  # which announces 64 KiB
    held = begun.ljust(MAX_FIRST_BYTES, b"x")
    assert taken(held) == [b""]
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_TOO_LONG"):
        taken(held, b"x")


def test_words_that_come_byte_by_byte_in_records_of_one_byte_go_on_as_they_came() -> None:
    records = in_records_of_one_byte(OUR_HELLO)
    *held, whole = taken(*(records[index : index + 1] for index in range(len(records))))
    assert (set(held), whole) == ({b""}, records)


@pytest.mark.parametrize("piece_bytes", [1, 5, 16 * 6])
def test_each_part_of_a_long_first_message_is_looked_at_once(piece_bytes: int) -> None:
    """Whoever looked again at what was there before would need four times as long for twice as much."""

    def lines_for(size_bytes: int) -> int:
        records = in_records_of_one_byte(client_hello(X25519, bytes(size_bytes)))[: 6 * size_bytes]
        pieces = [records[start : start + piece_bytes] for start in range(0, len(records), piece_bytes)]
        return count_lines(lambda: taken(*pieces))

    assert lines_for(1000) == pytest.approx(2 * lines_for(500), rel=0.01)


@pytest.mark.parametrize("begun", [b"", b"\x16\x03\x01\x00\x02\x01\x00"])
@pytest.mark.parametrize("piece_bytes", [1, 5, 100])
def test_the_first_record_of_a_handshake_that_holds_nothing_is_refused(begun: bytes, piece_bytes: int) -> None:
    said = begun + b"\x16\x03\x01\x00\x00"
    with pytest.raises(ssl.SSLError, match="EMPTY_RECORD"):
        taken(*(said[start : start + piece_bytes] for start in range(0, len(said), piece_bytes)))
