"""Endpoints in text."""

import pytest

from gossip.transport.endpoint import certified_name, format_endpoint, is_address, parse_endpoint


@pytest.mark.parametrize(
    ("endpoint", "host", "port"),
    [
        ("peer0.org1.example.com:7051", "peer0.org1.example.com", 7051),
        ("127.0.0.1:1", "127.0.0.1", 1),
        ("[::1]:65535", "::1", 65535),
        ("localhost:007051", "localhost", 7051),
        ("peer0_org1.:7051", "peer0_org1.", 7051),
        ("zürich.example.com:7051", "zürich.example.com", 7051),
    ],
)
def test_host_and_port_come_apart(endpoint: str, host: str, port: int) -> None:
    assert parse_endpoint(endpoint) == (host, port)


def test_a_url_is_told_what_to_leave_out() -> None:
    with pytest.raises(ValueError, match=r"^an endpoint is host:port, without grpcs://$"):
        parse_endpoint("grpcs://peer0.org1.example.com:7051")


@pytest.mark.parametrize(
    "endpoint", ['["peer0:7051"]', '"peer0:7051"', "'peer0:7051'", '["peer0:7051",', '"peer1:7051"]', "[peer0:7051]"]
)
def test_a_list_of_yaml_or_json_is_told_what_to_leave_out(endpoint: str) -> None:
    what = "^an endpoint is host:port, without quotes, and without brackets but for an IPv6 address$"
    with pytest.raises(ValueError, match=what):
        parse_endpoint(endpoint)


def test_an_address_in_brackets_lacks_its_port_alone() -> None:
    with pytest.raises(ValueError, match=r"^an endpoint is host:port, and there is no port$"):
        parse_endpoint("[::1]")


@pytest.mark.parametrize("endpoint", ["", "host", ":1", "host:", "host:x", "host:-1", "host:65536", "::1:7051"])
@pytest.mark.parametrize("lowest_port", [0, 1])
def test_what_is_no_endpoint_is_refused(endpoint: str, lowest_port: int) -> None:
    with pytest.raises(ValueError, match=r"port|host name|brackets"):
        parse_endpoint(endpoint, lowest_port=lowest_port)


@pytest.mark.parametrize("host", ["a..b", ".a", "a" * 64, "ü" * 64])
def test_a_name_that_no_server_can_have_is_no_host_name(host: str) -> None:
    with pytest.raises(ValueError, match=rf"^'{host}' is not a host name: between dots it takes 1 to 63 characters$"):
        parse_endpoint(f"{host}:7051")


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        ("é." * 500_000 + "é:1", r"^'(é\.){1,500}é?\.\.\. is not a host name$"),
        ("a" * 63 + ("." + "b" * 63) * 3 + ".:1", "^'a{63}.*' is not a host name$"),
        ("127.0.0.1:9\n9", r"^'9\\n9' is not a port$"),
        ("host:0000655350", "^'0000655350' is not a port$"),
        ("host:00001" + "0" * 4000, r"^'0{4}10{994}\.\.\. is not a port$"),
        ("host:" + "9" * 100_000, r"^'9{1,1000}\.\.\. is not a port$"),
        ("a" * 100_000 + "://", r"^an endpoint is host:port, without a{1000}\.\.\.://$"),
    ],
    ids=["megabyte", "256", "line", "beyond", "zeros", "port", "scheme"],
)
def test_an_endpoint_of_any_length_is_refused_in_a_short_line(endpoint: str, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_endpoint(endpoint)


def test_what_ends_a_name_for_the_system_is_in_none() -> None:
    """It would look up what stands before it."""
    with pytest.raises(ValueError, match=r"^'localhost\\x00\.example\.com' is not a host name$"):
        parse_endpoint("localhost\0.example.com:7051")


def test_port_0_is_for_listening_only() -> None:
    assert parse_endpoint("host:0", lowest_port=0) == ("host", 0)
    with pytest.raises(ValueError, match="'0' is not a port"):
        parse_endpoint("host:0")


@pytest.mark.parametrize("endpoint", ["127.0.0.1:7051", "[::1]:7051", "[fe80::1%eth0]:1"])
def test_address_of_a_socket_becomes_an_endpoint_and_back(endpoint: str) -> None:
    host, port = parse_endpoint(endpoint)
    assert format_endpoint((host, port, 0, 0)) == endpoint


@pytest.mark.parametrize(("address", "text"), [(None, "unknown"), ("", "unknown"), ("/run/socket", "/run/socket")])
def test_address_of_another_kind_is_shown(address: object, text: str) -> None:
    assert format_endpoint(address) == text


@pytest.mark.parametrize(("host", "answer"), [("10.0.0.1", True), ("::1", True), ("localhost", False), ("1.2", False)])
def test_addresses_need_no_look_up(host: str, answer: bool) -> None:
    assert is_address(host) is answer


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("peer0.org1.example.com.", "peer0.org1.example.com"),
        ("peer0.", "peer0"),
        ("peer0", "peer0"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1."),
        ("::1", "::1"),
        (".", "."),
    ],
)
def test_a_certificate_is_for_a_name_without_the_dot_at_its_end(host: str, name: str) -> None:
    assert certified_name(host) == name
