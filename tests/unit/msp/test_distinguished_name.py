"""Names as Go reads them, and how they are written for people."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gossip.der import SEQUENCE, SET, encode_element
from gossip.msp.distinguished_name import COMMON_NAME, ORGANIZATIONAL_UNIT, parse_name
from tests.support.raw_names import make_name

UTF8, NUMERIC, PRINTABLE, T61, IA5, BMP = 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1E


def common_name(tag: int, value: bytes) -> bytes:
    attribute = encode_element(0x06, b"\x55\x04\x03") + encode_element(tag, value)
    return encode_element(SEQUENCE, encode_element(SET, encode_element(SEQUENCE, attribute)))


def test_an_attribute_may_stand_twice_in_one_relative_name() -> None:
    name = parse_name(make_name([("OU", "peer"), ("OU", "org1"), ("OU", "org1")], [], [("CN", "a")], [("CN", "b")]))
    assert name.values_of(ORGANIZATIONAL_UNIT) == ("org1", "org1", "peer")
    assert name.values_of(COMMON_NAME) == ("a", "b")
    assert name.common_name == "b"
    assert name.rfc4514_string() == "CN=b,CN=a,OU=org1+OU=org1+OU=peer"


def test_a_name_of_hundreds_of_attributes_is_not_read() -> None:
    attributes: list[list[tuple[str, str]]] = [[("OU", "a")] for _ in range(200)]
    with pytest.raises(ValueError, match=r"name of \d+ bytes exceeds the limit of 2048"):
        parse_name(make_name(*attributes))
    assert len(parse_name(make_name(*attributes[:100])).values_of(ORGANIZATIONAL_UNIT)) == 100


@pytest.mark.parametrize("name", [make_name(), make_name([])], ids=["empty", "empty relative name"])
def test_nothing_in_it(name: bytes) -> None:
    assert (parse_name(name).common_name, parse_name(name).rfc4514_string()) == ("", "")


@pytest.mark.parametrize(
    ("tag", "value", "text"),
    [
        (UTF8, "é\ufdd0".encode(), "é\ufdd0"),
        (PRINTABLE, b"peer 0", "peer 0"),
        (IA5, b"a@b", "a@b"),
        (T61, b"\xe9", "é"),
        (NUMERIC, b"1 2", "1 2"),
        (BMP, b"\0a\x20\xac", "a€"),
        (BMP, b"\0a\0\0", "a"),
        (BMP, b"\0\0\0\0", "\0"),
    ],
)
def test_string_types(tag: int, value: bytes, text: str) -> None:
    assert parse_name(common_name(tag, value)).common_name == text


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (UTF8, b"\xff"),
        (UTF8, b"\xed\xa0\x80"),
        (IA5, b"\xe9"),
        (NUMERIC, b"1a"),
        (BMP, b"\0a\0"),
        (BMP, b"\xd8\x00"),
        (BMP, b"\xd8\x00\xdc\x00"),
        (BMP, b"\xfd\xd0"),
        (BMP, b"\xff\xfe"),
        (0x1A, b"visible"),
        (0x03, b"\0bits"),
    ],
)
def test_what_is_no_text(tag: int, value: bytes) -> None:
    with pytest.raises(ValueError, match=f"^invalid RDNSequence: invalid attribute value of ASN.1 type {tag}$"):
        parse_name(common_name(tag, value))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([NameOID.COMMON_NAME, NameOID.STREET_ADDRESS, NameOID.PSEUDONYM, NameOID.USER_ID]),
            st.text(st.sampled_from('a #+,;<>"\\\0=é'), min_size=1, max_size=5),
        ),
        max_size=4,
    )
)
def test_text_is_cryptography_s_where_that_can_read_it(attributes: list[tuple[x509.ObjectIdentifier, str]]) -> None:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    assert parse_name(name.public_bytes()).rfc4514_string() == name.rfc4514_string()
