"""``gossip diagnose`` on TLS certificates, ours and theirs, and the CAs above them: every cause, in its order."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from gossip.msp.authority import Credential
from tests.support.broken_networks import Arguments, as_org2, copy_of, write_tls
from tests.support.certificates import like
from tests.support.cli import run
from tests.support.in_thread import listening, peer_settings
from tests.support.organisations import organisation, peer

Network = Iterator[Arguments]


def failed_stage(arguments: Arguments) -> Any:
    """What the command says of the first stage that failed."""
    outcome = run("diagnose", *arguments, "--json")
    stages: Any = outcome.object["stages"]
    return next(stage for stage in stages if stage["stage"] == outcome.object["failed_at"])


@contextmanager
def their_address_as_a_dns_name(tmp_path: Path) -> Network:
    folder = copy_of(1, tmp_path)
    names = x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")])
    builder = like(peer(1).tls.certificate, without=x509.SubjectAlternativeName).add_extension(names, critical=False)
    signed = builder.sign(organisation(1).tls_ca.key, SHA256())
    write_tls(folder / "tls", Credential(signed, peer(1).tls.key))
    with listening(peer_settings(1, folder=folder)) as endpoint:
        yield [endpoint, *as_org2()]


CASES: list[tuple[Callable[[Path], AbstractContextManager[Arguments]], tuple[str, list[str], str, str]]] = [
    (
        their_address_as_a_dns_name,
        ("theirs", ["host-name"], "127.0.0.1 stands there as a DNS name", "the peer's peer.tls.cert.file"),
    ),
]


@pytest.mark.parametrize(("network", "expected"), CASES, ids=[network.__name__ for network, _ in CASES])
def test_the_causes_are_told_in_their_order(
    network: Callable[[Path], AbstractContextManager[Arguments]],
    expected: tuple[str, list[str], str, str],
    tmp_path: Path,
) -> None:
    with network(tmp_path) as arguments:
        stage = failed_stage(arguments)

    side, rules, what, where = expected
    first = stage["causes"][0]
    assert (stage["stage"], stage["side"], [cause["rule"] for cause in stage["causes"]]) == ("tls", side, rules), stage
    assert what in first["text"]
    assert where in first["look_at"]
