"""PEM by Go's rules: what is found, and what follows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gossip.msp.pem import PemBlock, encode_certificate_pem, find_pem_block

BLOCK = b"-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
FOUND = PemBlock("CERTIFICATE", b"\0\1\2", b"")


@pytest.mark.parametrize(
    "data",
    [
        BLOCK,
        BLOCK[:-1],
        BLOCK.replace(b"\n", b"\r\n"),
        b"text before\n" + BLOCK,
        b"\n\n" + BLOCK,
        BLOCK.replace(b"AAEC", b" AA\tEC "),
        BLOCK.replace(b"AAEC", b"A\nAE\n\nC"),
        BLOCK.replace(b"AAEC", b"Key: value\nOther: value\n\nAAEC"),
        BLOCK.replace(b"AAEC", b"Key: value\nAAEC"),
        BLOCK.replace(b"CERTIFICATE-----\n", b"CERTIFICATE----- \t\n"),
        b"-----BEGIN OTHER-----\nno end\n" + BLOCK,
        b"-----BEGIN CERTIFICATE-----\nAAEC\n-----END OTHER-----\n" + BLOCK,
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n" + BLOCK,
        BLOCK.replace(b"AAEC", b"AAEC=") + BLOCK,
    ],
    ids=[
        "plain",
        "no final newline",
        "CRLF",
        "text before",
        "blank lines before",
        "blanks in base64",
        "broken lines",
        "headers",
        "headers without a blank line",
        "blanks after the dashes",
        "BEGIN without END before",
        "block with another END before",
        "block with bad base64 before",
        "block with too much padding before",
    ],
)
def test_a_block_is_found_as_go_finds_it(data: bytes) -> None:
    assert find_pem_block(data) == FOUND


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        BLOCK[:-26],
        BLOCK.replace(b"-----BEGIN", b"----BEGIN"),
        b"x" + BLOCK,
        BLOCK.replace(b"END CERTIFICATE", b"END X509 CRL"),
        BLOCK.replace(b"BEGIN CERTIFICATE-----", b"BEGIN CERTIFICATE"),
        BLOCK.replace(b"AAEC", b"AAE"),
        BLOCK.replace(b"AAEC", b"AA=C"),
        *(
            BLOCK.replace(b"AAEC", body)
            for body in (b"AAEC=", b"AAEC==", b"AAEC===", b"AAEC\n====", b"AAE=\n=", b"====")
        ),
        BLOCK.replace(b"AAEC", b"AAE*"),
        BLOCK.replace(b"END CERTIFICATE-----", b"END CERTIFICATE-----x"),
        BLOCK.replace(b"\nAAEC\n", b"AAEC\n"),
        b"-----BEGIN CERTIFICATE-----\nKey: value\n-----END CERTIFICATE-----\n",
    ],
    ids=[
        "nothing",
        "garbage",
        "no END",
        "four dashes",
        "text on the BEGIN line",
        "another END",
        "BEGIN line not closed",
        "base64 too short",
        "padding inside",
        *(f"{count} too much" for count in (1, 2, 3, 4)),
        "1 too much behind some",
        "padding alone",
        "not base64",
        "text after END",
        "no line of its own",
        "headers up to END",
    ],
)
def test_what_go_takes_for_no_block_is_not_found(data: bytes) -> None:
    assert find_pem_block(data) is None


@pytest.mark.parametrize("rest", [b"\n", b" ", b"text", BLOCK])
def test_what_follows_is_given(rest: bytes) -> None:
    assert find_pem_block(BLOCK + rest) == PemBlock("CERTIFICATE", b"\0\1\2", rest)


def test_type_is_as_it_stands() -> None:
    found = find_pem_block(BLOCK.replace(b"CERTIFICATE", b"X509 cert"))
    assert found is not None
    assert found.type == "X509 cert"


def test_type_may_be_missing() -> None:
    assert find_pem_block(BLOCK.replace(b"CERTIFICATE", b"")) == PemBlock("", b"\0\1\2", b"")


def test_empty_body() -> None:
    data = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
    assert find_pem_block(data) == PemBlock("CERTIFICATE", b"", b"")


def test_last_begin_before_the_end_counts() -> None:
    assert find_pem_block(b"-----BEGIN CERTIFICATE-----\n" + BLOCK) == FOUND


@given(st.binary(min_size=1, max_size=400))
def test_what_is_written_is_found(der: bytes) -> None:
    pem = encode_certificate_pem(der)
    assert find_pem_block(pem) == PemBlock("CERTIFICATE", der, b"")
    assert max(map(len, pem.splitlines())) <= 64
    assert pem.endswith(b"\n-----END CERTIFICATE-----\n")


@given(st.lists(st.sampled_from([b"-----BEGIN ", b"\n-----END ", b"-----", b"A", b"\n", b"\r", b":", b"AAEC", b" "])))
def test_any_text_gives_a_block_or_none(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    found = find_pem_block(data)
    assert found is None or data.endswith(found.rest)


def test_many_blocks_that_fail_take_linear_time() -> None:
    """A quarter of a mebibyte of nested beginnings; quadratic time would take minutes."""
    assert find_pem_block(b"-----BEGIN A-----\n" * 15_000) is None
    assert find_pem_block(b"-----BEGIN A-----\n-----END B-----\n" * 7_500) is None
    assert find_pem_block(b"-----BEGIN A-----\n" + b"a:b\n" * 60_000) is None
    assert find_pem_block(b"-----BEGIN A:-----\n-----END B:-----\n" * 7_500) is None
