"""No slice of a scan is long, whatever the message is made of, and what would become too many objects is refused."""

import pytest

from gossip.errors import MalformedMessageError
from gossip.messages import DataUpdate, Envelope, GossipMessage, MembershipRequest, StateInfo
from gossip.wire.codec import decode
from gossip.wire.envelope import parse_envelope
from gossip.wire.kinds import MessageKind
from gossip.wire.signed import noop_sign
from gossip.wire.slices import parse_in_slices
from tests.support.codec_fuzz import private_data
from tests.support.dense_frames import DENSE, REFUSED, enveloped, of
from tests.support.lines import count_lines

MAX_PARTS = 100_000
SLICE_BYTES = 512
LINES = 16 * SLICE_BYTES
"""Of Python, that a slice may run: fields take two bytes at least, and groups most lines."""


class Slices:
    """A scan that counts how many lines of Python each slice runs, also one that refuses."""

    def __init__(self, frame: bytes) -> None:
        self.lines: list[int] = []
        self.refusal: MalformedMessageError | None = None
        self._slices = parse_in_slices(frame)
        self._is_over = False
        while not self._is_over:
            self.lines.append(count_lines(self._step))

    def _step(self) -> None:
        try:
            self._is_over = next(self._slices) is not None
        except MalformedMessageError as error:
            self.refusal, self._is_over = error, True


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """The first scan builds the tables of the classes."""
    Slices(DENSE["secret envelopes"][:2])


@pytest.mark.parametrize("frame", DENSE.values(), ids=DENSE.keys())
def test_no_slice_is_long(frame: bytes) -> None:
    slices = Slices(frame)

    assert slices.refusal is None
    assert max(slices.lines) < LINES
    assert len(slices.lines) >= len(frame) // SLICE_BYTES


@pytest.mark.parametrize("frame", REFUSED.values(), ids=REFUSED.keys())
def test_nor_is_the_one_that_is_refused(frame: bytes) -> None:
    slices = Slices(frame)

    assert slices.refusal is not None
    assert max(slices.lines) < 3 * LINES  # what is wrong with it is looked for


def test_bytes_are_stepped_over() -> None:
    frame = noop_sign(GossipMessage(state_info=StateInfo(pki_id=bytes(10_000_000)))).envelope

    *others, signed = parse_in_slices(frame)

    assert others == [None] * 3  # the envelope, the message and its content
    assert signed is not None
    assert len(signed.message.state_info.pki_id) == 10_000_000


def test_a_secret_envelope_may_come_in_parts() -> None:
    secret = of(b"\x1a", of(b"\x0a", b"old") + of(b"\x12", b"s" * 600)) + of(b"\x1a", of(b"\x0a", b"new"))

    found = parse_envelope(enveloped(b"\x18\x01") + secret).secret_envelope

    assert found is not None
    assert (found.payload, found.signature) == (b"new", b"s" * 600)


CUT = {
    "a group that ends outside of what it is in": b"\x72\x03\x7b\x08\x01\x7c",
    "an empty message on the 101st level": private_data(46, rule=b"\x12\x00"),
}
"""What is refused for something that a slice ends in the middle of, or must be seen where one does."""


@pytest.mark.parametrize("payload", CUT.values(), ids=CUT.keys())
def test_what_is_refused_at_once_is_refused_wherever_slices_end(payload: bytes) -> None:
    with pytest.raises(MalformedMessageError) as refused:
        decode(GossipMessage, payload)

    for slice_bytes in range(1, len(payload) + 4):
        with pytest.raises(MalformedMessageError) as refused_in_slices:
            list(parse_in_slices(enveloped(payload), slice_bytes))
        assert str(refused_in_slices.value) == str(refused.value)


def update(count: int) -> bytes:
    """So many envelopes in one update, which is a part, too."""
    return noop_sign(GossipMessage(data_update=DataUpdate(data=[Envelope()] * count))).envelope


def test_as_many_parts_as_are_allowed_pass() -> None:
    assert parse_envelope(update(MAX_PARTS - 1)).kind is MessageKind.DATA_UPDATE


def test_one_part_more_is_refused_and_named() -> None:
    with pytest.raises(MalformedMessageError) as refused:
        parse_envelope(update(MAX_PARTS))

    assert type(refused.value) is MalformedMessageError
    assert str(refused.value) == f"malformed DataUpdate at byte {4 + 2 * MAX_PARTS}: more than 100000 parts"


def test_repeated_bytes_are_parts() -> None:
    request = GossipMessage(mem_req=MembershipRequest(known=[b"x"] * MAX_PARTS))
    with pytest.raises(MalformedMessageError, match=r"malformed MembershipRequest at byte .*: more than 100000 parts"):
        parse_envelope(noop_sign(request).envelope)


def test_parts_of_parts_are_named_by_what_they_are_in() -> None:
    elements = of(b"\xc2\x01", of(b"\x0a", b"\x12\x00" * 9) * (MAX_PARTS // 10 + 1))
    with pytest.raises(MalformedMessageError, match=r"malformed PvtDataElement at byte .*: more than 100000 parts"):
        parse_envelope(enveloped(elements))


def test_too_many_parts_are_noticed_as_soon_as_there_are() -> None:
    content = b"\x0a\x00" * (MAX_PARTS - 1)
    slices = Slices(enveloped(of(b"\xba\x01", content * 3 + b"\x07")))

    assert slices.refusal is not None
    assert slices.refusal.what == "more than 100000 parts"
    assert len(slices.lines) == 3 + len(content) // SLICE_BYTES  # two were of the envelope and the message


def test_unknown_fields_and_fields_of_one_value_are_no_parts() -> None:
    payload = b"\xfa\x7f\x00" * MAX_PARTS + b"\x08\x01" * MAX_PARTS + b"\x12\x00" * MAX_PARTS

    assert parse_envelope(enveloped(payload)).nonce == 1


def test_an_envelope_s_own_parts_are_not_counted() -> None:
    assert parse_envelope(b"\x1a\x00" * (MAX_PARTS + 1)).secret_envelope is not None
