"""TLS is spoken without verification in two places, and what is seen there reaches nobody who could trust it."""

from collections.abc import Iterator

import pytest

from tests.support.source import SourceFile, read_source

UNVERIFIED = "gossip.transport.tls.presented"
DIAGNOSIS = "gossip.node.diagnose."
SWITCHES = ("CERT_NONE", "CERT_OPTIONAL", "check_hostname", "_create_unverified_context")
MAY_SWITCH = {
    UNVERIFIED,
    "gossip.transport.tls.contexts",  # a server asks for certificates, and verifies those that come; see decision 5
    "gossip.misbehave.contexts",
}


def imports_of_the_unverified(file: SourceFile) -> Iterator[str]:
    for name, line in file.imports():
        if name.startswith(UNVERIFIED) and not file.name.startswith(DIAGNOSIS):
            yield f"{file.name}:{line}"


def switches(file: SourceFile) -> Iterator[str]:
    if file.name not in MAY_SWITCH:
        yield from (f"{file.name}: {switch}" for switch in SWITCHES if switch in file.text)


def test_only_diagnosis_looks_at_certificates_that_nobody_verified() -> None:
    files = read_source()
    assert [line for file in files for line in imports_of_the_unverified(file)] == []
    users = {file.name for file in files for name, _ in file.imports() if name.startswith(UNVERIFIED)}
    assert users == {"gossip.node.diagnose.second_look"}


def test_only_commands_see_a_diagnosis() -> None:
    rooms = {
        file.name.split(".")[1]
        for file in read_source()
        for name, _ in file.imports()
        if name.startswith(DIAGNOSIS) and not file.name.startswith(DIAGNOSIS.rstrip("."))
    }
    assert rooms == {"cli"}


def test_nobody_else_turns_verification_off() -> None:
    assert [line for file in read_source() for line in switches(file)] == []


@pytest.mark.parametrize(
    "text",
    ["from gossip.transport.tls.presented import look_at_server", "from gossip.transport.tls import presented"],
)
def test_an_import_elsewhere_is_found(text: str) -> None:
    assert list(imports_of_the_unverified(SourceFile("gossip.transport.grpc.client", text)))
    assert not list(imports_of_the_unverified(SourceFile("gossip.node.diagnose.judges.tls", text)))


def test_a_switch_elsewhere_is_found() -> None:
    assert list(switches(SourceFile("gossip.cli.serve.command", "context.verify_mode = ssl.CERT_NONE")))
