"""What gRPC's header fields say, both ways."""

import pytest
from gossip_protos.gossip import GossipBase
from grpclib.const import Cardinality, Status

from gossip.transport.grpc.headers import (
    GOSSIP_STREAM,
    MAX_REASON_CHARACTERS,
    PING,
    CallStatus,
    Headers,
    Refusal,
    find_refusal,
    find_verdict,
    is_malformed,
    is_malformed_end,
    parse_trailers,
    request_headers,
    trailers,
)


def test_routes_are_those_of_the_generated_service() -> None:
    cardinalities = {route: handler.cardinality for route, handler in GossipBase().__mapping__().items()}
    assert cardinalities == {
        GOSSIP_STREAM.decode(): Cardinality.STREAM_STREAM,
        PING.decode(): Cardinality.UNARY_UNARY,
    }


@pytest.mark.parametrize("path", [PING, GOSSIP_STREAM])
def test_our_own_request_is_served(path: bytes) -> None:
    assert find_refusal(dict(request_headers(path, "peer0.org1.example.com:7051", b"https"))) is None


def test_refusal_names_what_is_wrong() -> None:
    fields = dict(request_headers(b"/a.B/C", "here", b"https"))
    assert find_refusal(fields) == Refusal(b"200", Status.UNIMPLEMENTED, "nothing is served at '/a.B/C'")


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
@pytest.mark.parametrize("reason", ["", "wrong type", "100% ümlaut\n"])
def test_verdict_arrives_as_it_was_sent(status: Status, reason: str) -> None:
    assert parse_trailers(dict(trailers(status, reason))) == CallStatus(status.name, reason)


def test_ok_needs_no_words() -> None:
    call_status = parse_trailers(dict(trailers(Status.OK, "unused")))
    assert call_status == CallStatus("OK")
    assert call_status.is_ok


def test_very_long_reason_is_cut() -> None:
    call_status = parse_trailers(dict(trailers(Status.UNKNOWN, "x" * 100_000)))
    assert call_status.reason == "x" * MAX_REASON_CHARACTERS + " …"


def test_reason_that_utf_8_cannot_hold_arrives_as_far_as_it_can() -> None:
    """The name of a folder in Latin-1, say."""
    assert parse_trailers(dict(trailers(Status.UNKNOWN, "in b\udce4r"))).reason == "in b?r"


@pytest.mark.parametrize("code", [b"", b"two", b"-1", b"17", b"2.0", b"0_0", b" 0"])
def test_status_that_grpc_does_not_know_is_unknown(code: bytes) -> None:
    assert parse_trailers({b"grpc-status": code}).status == "UNKNOWN"


@pytest.mark.parametrize("message", ["zurückgewiesen".encode(), b"zur%C3%BCckgewiesen"])
def test_reason_may_be_escaped_or_not(message: bytes) -> None:
    assert parse_trailers({b"grpc-status": b"2", b"grpc-message": message}).reason == "zurückgewiesen"


@pytest.mark.parametrize("message", [b"100\xff%", b"100%FF%"])
def test_reason_that_is_not_text_is_shown_as_far_as_it_is(message: bytes) -> None:
    assert parse_trailers({b"grpc-status": b"2", b"grpc-message": message}).reason == "100\N{REPLACEMENT CHARACTER}%"


def test_end_without_status_is_unknown() -> None:
    assert parse_trailers({}) == CallStatus("UNKNOWN", "the answer ended without a status")


@pytest.mark.parametrize(
    ("http_status", "name"),
    [
        (b"400", "INTERNAL"),
        (b"401", "UNAUTHENTICATED"),
        (b"403", "PERMISSION_DENIED"),
        (b"404", "UNIMPLEMENTED"),
        (b"429", "UNAVAILABLE"),
        (b"502", "UNAVAILABLE"),
        (b"503", "UNAVAILABLE"),
        (b"504", "UNAVAILABLE"),
        (b"500", "UNKNOWN"),
        (b"302", "UNKNOWN"),
    ],
)
def test_http_status_becomes_grpcs(http_status: bytes, name: str) -> None:
    call_status = find_verdict({b":status": http_status}, ends=False)
    assert call_status == CallStatus(name, f"HTTP status '{http_status.decode()}'")


def test_answer_with_messages_to_come_has_no_verdict_yet() -> None:
    assert find_verdict({b":status": b"200", b"content-type": b"application/grpc+proto"}, ends=False) is None


def test_answer_of_status_alone_is_a_verdict_whatever_http_says() -> None:
    fields = {b":status": b"405", b"grpc-status": b"13", b"grpc-message": b"no"}
    assert find_verdict(fields, ends=True) == CallStatus("INTERNAL", "no")


REQUEST = request_headers(PING, "localhost", b"https")


@pytest.mark.parametrize(
    "fields",
    [
        (*REQUEST, (b"X-Upper", b"1")),
        (*REQUEST, (b"two words", b"1")),
        (*REQUEST, (b"", b"1")),
        (*REQUEST, (b"connection", b"close")),
        (*REQUEST, (b"transfer-encoding", b"chunked")),
        (*REQUEST, (b"te", b"gzip")),
        (*REQUEST, (b"x-lines", b"one\r\ntwo: 2")),
        (*REQUEST, (b"x-nul", b"\0")),
        (*REQUEST, (b":path", PING)),
        ((b":path", PING), *REQUEST),
        ((b":status", b"200"), *REQUEST),
        ((b":unknown", b""), *REQUEST),
    ],
)
def test_what_are_no_header_fields_of_a_request(fields: Headers) -> None:
    assert is_malformed(fields)


def test_header_fields_of_a_request() -> None:
    assert not is_malformed(REQUEST)
    assert not is_malformed((*REQUEST, (b"x-anything_.~", b"\xff\t and more")))


@pytest.mark.parametrize("name", [b":method", b":scheme", b":path", b":authority"])
def test_what_a_request_lacks_is_left_to_grpc(name: bytes) -> None:
    assert not is_malformed([field for field in REQUEST if field[0] != name])


@pytest.mark.parametrize(
    "field", [(b":path", PING), (b":status", b"200"), (b"X-Upper", b"1"), (b"connection", b"close")]
)
def test_what_does_not_end_a_request(field: tuple[bytes, bytes]) -> None:
    assert is_malformed_end([(b"x-anything", b""), field])
    assert is_malformed_end([field])


def test_header_fields_that_end_a_request() -> None:
    assert not is_malformed_end([(b"x-anything", b"")])
    assert not is_malformed_end([])
