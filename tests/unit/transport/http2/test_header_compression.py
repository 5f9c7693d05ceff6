"""Header blocks that are self-contained mean the same to any decoder, and are remembered within bounds."""

import random

import pytest
from hpack import Decoder, Encoder, HPACKError

from gossip.transport.http2 import header_compression
from gossip.transport.http2.header_compression import RememberingDecoder, SelfContainedEncoder

BLOCK_FIELDS = ((b":status", b"200"), (b"content-type", b"application/grpc"), (b"x-new", b"\xc3\xbc"))


def test_block_says_the_same_to_any_decoder_and_leaves_no_trace() -> None:
    used = Decoder()
    used.decode(Encoder().encode([("x-other", "value")] * 5))
    block = SelfContainedEncoder().encode(BLOCK_FIELDS)
    for decoder in (Decoder(), used, RememberingDecoder()):
        assert decoder.decode(block, raw=True) == list(BLOCK_FIELDS)
        assert decoder.header_table_size == 0
        assert not decoder.header_table.dynamic_entries
    assert SelfContainedEncoder().encode(BLOCK_FIELDS) is block


@pytest.mark.parametrize("seed", range(10))
def test_remembering_decoder_is_a_decoder(seed: int) -> None:
    """Whatever blocks come in whatever order, two decoders say the same and are in the same state."""
    choose = random.Random(seed)
    blocks = [SelfContainedEncoder().encode((*BLOCK_FIELDS, (b"n", b"%d" % number))) for number in range(3)]
    blocks += [b"\x20", b"\x3f\xe1\x1f", b"\x20\x3f\xe1\x1f\x40\x01a\x01b", b"\xbe", b"\x40\x01c\x01d", b"\x20\x82"]
    remembering, ordinary = RememberingDecoder(), Decoder()
    for _ in range(300):
        block = choose.choice(blocks)
        outcomes: list[list[tuple[bytes, bytes]]] = []
        for decoder in (remembering, ordinary):
            try:
                outcomes.append([(name, value) for name, value in decoder.decode(block, raw=True)])
            except HPACKError as error:
                outcomes.append([(type(error).__name__.encode(), b"")])
        assert outcomes[0] == outcomes[1]
        assert remembering.header_table_size == ordinary.header_table_size
        assert remembering.header_table.dynamic_entries == ordinary.header_table.dynamic_entries


def test_remembered_block_is_still_too_long_for_a_small_limit() -> None:
    block = SelfContainedEncoder().encode([(b"name", b"v" * 200)])
    assert RememberingDecoder().decode(block, raw=True)
    with pytest.raises(HPACKError):
        RememberingDecoder(max_header_list_size=100).decode(block, raw=True)


def test_remembered_block_takes_as_much_of_a_limit_as_one_that_is_read() -> None:
    """Each field counts 32 bytes beside its own."""
    fields = [(b"a%d" % number, b"") for number in range(10)]
    block = SelfContainedEncoder().encode(fields)
    assert RememberingDecoder(max_header_list_size=340).decode(block, raw=True) == fields
    assert RememberingDecoder(max_header_list_size=340).recall(block)
    with pytest.raises(HPACKError):
        RememberingDecoder(max_header_list_size=339).decode(block, raw=True)


def test_memory_of_blocks_is_bounded() -> None:
    for number in range(600):
        RememberingDecoder().decode(SelfContainedEncoder().encode([(b"n", b"%d" % number)]), raw=True)
    assert len(header_compression._decoded) <= 256


def test_only_short_blocks_are_remembered() -> None:
    """Strangers may send as many as there is room for, each as long as a request may be."""
    short, long = (SelfContainedEncoder().encode([(b"n", b"~" * size)]) for size in (100, 512))
    assert len(short) <= 512 < len(long)
    for block in (short, long):
        assert RememberingDecoder().decode(block, raw=True)
    assert RememberingDecoder().recall(short)
    assert not RememberingDecoder().recall(long)


@pytest.mark.parametrize(("length", "is_plain"), [(500, False), (600, True)])
def test_long_values_are_not_compressed_which_would_take_hpack_long(length: int, is_plain: bool) -> None:
    field = (b"grpc-message", b"%F0%9F%98%80"[:12] * (length // 12))
    block = SelfContainedEncoder().encode([field])
    assert (field[1] in block) is is_plain
    assert [tuple(each) for each in RememberingDecoder().decode(block, raw=True)] == [field]
