"""``gossip diagnose`` on the networks that operators ask about: what it says, and that docs/diagnose.md says the same.

``GOSSIP_WRITE_DOCS=1`` writes what the command says into the page.
"""

import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import broken_networks as broken
from tests.support.cli import run

PAGE = Path(__file__).parents[2] / "docs" / "diagnose.md"


@dataclass(frozen=True)
class Question:
    """A broken network, its heading in the page, and what the command must find."""

    heading: str
    network: Callable[[Path], AbstractContextManager[list[str]]]
    stage: str
    side: str
    rule: str
    look_at: str
    exit_code: int


QUESTIONS = [
    Question("A port that says nothing", broken.silent_port, "tls", "theirs", "silent-port", "the peer's log", 3),
    Question(
        "A port that speaks plain text",
        broken.plain_text_port,
        "tls",
        "theirs",
        "other-service",
        "peer.listenAddress",
        3,
    ),
    Question(
        "Another host name than the certificate's",
        broken.wrong_host_name,
        "tls",
        "theirs",
        "host-name",
        "the endpoint that was dialled",
        3,
    ),
    Question(
        "A TLS CA that we do not know",
        broken.tls_ca_unknown_to_us,
        "tls",
        "ours",
        "tls-ca-unknown-here",
        "org2.example.com/msp/tlscacerts/tlsca.org2.example.com-cert.pem",
        3,
    ),
    Question(
        "A TLS CA that they do not know",
        broken.tls_ca_unknown_to_them,
        "tls",
        "theirs",
        "tls-ca-unknown-to-them",
        "their peer.tls.clientRootCAs.files",
        3,
    ),
    Question(
        "An expired TLS certificate",
        broken.expired_tls_certificate,
        "tls",
        "theirs",
        "tls-expired",
        "the peer's peer.tls.cert.file",
        3,
    ),
    Question(
        "Our client certificate is refused",
        broken.client_certificate_refused,
        "tls",
        "ours",
        "own-tls-expired",
        "peer0.org2/tls/server.crt",
        3,
    ),
    Question(
        "No MSP found able to do that",
        broken.wrong_mspid,
        "identity",
        "theirs",
        "wrong-mspid",
        "the peer's peer.localMspId",
        1,
    ),
    Question(
        "A renewed peer that never comes back",
        broken.renewed_peer,
        "expected_peer",
        "ours",
        "renewed",
        "--expect-pki-id",
        1,
    ),
    Question(
        "Separate client and server certificates",
        broken.separate_certificates,
        "tls_binding",
        "theirs",
        "other-certificate-bound",
        "peer.tls.clientCert.file",
        1,
    ),
    Question(
        "NodeOUs and their certifier",
        broken.node_ou_certifier,
        "own_identity",
        "ours",
        "node-ou-certifier",
        "peer0.org2/msp/config.yaml:7",
        2,
    ),
    Question(
        "A CA's certificate in signcerts",
        broken.ca_in_signcerts,
        "own_identity",
        "ours",
        "ca-in-signcerts",
        "peer0.org2/msp/signcerts/ca.pem",
        2,
    ),
    Question(
        "TLS on one side only",
        broken.tls_off_there,
        "tls",
        "theirs",
        "tls-off-there",
        "their peer.tls.enabled",
        3,
    ),
    Question(
        "A proxy that terminates TLS",
        broken.terminating_proxy,
        "tls_binding",
        "between",
        "tls-proxy",
        "the load balancer, ingress or proxy that holds the certificate lb.example.com",
        1,
    ),
    Question(
        "Messages lost by a full buffer",
        broken.full_buffer,
        "buffers",
        "theirs",
        "full-buffer",
        "peer.gossip.sendBuffSize",
        3,
    ),
]
MORE = [
    Question("", broken.proxy_without_certificate, "verdict", "between", "tls-proxy", "in front of the peer", 1),
    Question("", broken.proxy_of_their_own, "tls_binding", "between", "tls-proxy", "that holds the certificate lb", 1),
]


def test_there_are_fifteen() -> None:
    assert len({question.heading for question in QUESTIONS}) == 15


@pytest.mark.parametrize("question", [*QUESTIONS, *MORE], ids=lambda question: question.network.__name__)
def test_the_first_failing_stage_is_found_and_explained(question: Question, tmp_path: Path) -> None:
    with question.network(tmp_path) as arguments:
        outcome = run("diagnose", *arguments, "--json")
        shown = run("diagnose", *arguments)

    stage, before = failed_stage(outcome.object)
    cause = list_of(stage["causes"])[0]
    assert (stage["stage"], stage["side"], cause["rule"]) == (question.stage, question.side, question.rule), cause
    assert question.look_at in str(cause["look_at"])
    assert (outcome.exit_code, shown.exit_code) == (question.exit_code, question.exit_code)
    assert {each["outcome"] for each in before} <= {"ok", "skipped"}
    assert f"1. {cause['text']} [{question.rule}]" in shown.stdout
    if question.heading:
        check_page(question.heading, in_page(shown.stdout, tmp_path))


def failed_stage(diagnosis: dict[str, object]) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The first stage that failed, and those before it."""
    stages = list_of(diagnosis["stages"])
    names = [stage["stage"] for stage in stages]
    at = names.index(diagnosis["failed_at"])
    return stages[at], stages[:at]


def in_page(shown: str, tmp_path: Path) -> str:
    """The branch of the stage that failed, without what differs from run to run."""
    lines = shown.splitlines()
    begin = next(number for number, line in enumerate(lines) if "✗" in line)
    end = next((number for number, line in enumerate(lines) if number > begin and line[0] in "├└"), len(lines))
    text = "\n".join([lines[0], *lines[begin:end]])
    text = re.sub(r"  [0-9.]+ ms", "", text)
    text = text.replace(f"{tmp_path}/", "")
    text = re.sub(r"/\S*?/peerOrganizations/", "crypto/peerOrganizations/", text)
    text = re.sub(r"\b([0-9a-f]{8})(?:[0-9a-f]{32}|[0-9a-f]{56})\b", r"\1…", text)
    text = re.sub(r"\b[0-9a-f]{8}…", "5bf0…", text)
    text = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ", "2026-01-01 00:00:00Z", text)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:7051", text)


def check_page(heading: str, output: str) -> None:
    """The page has this output below this heading."""
    page = PAGE.read_text()
    block = re.compile(rf"(^## \d+\. {re.escape(heading)}\n.*?^```text\n)(.*?)(^```)", re.MULTILINE | re.DOTALL)
    found = block.search(page)
    assert found is not None, f"docs/diagnose.md has no heading {heading!r}"
    if os.environ.get("GOSSIP_WRITE_DOCS"):
        PAGE.write_text(page[: found.start(2)] + output + "\n" + page[found.end(2) :])
        return
    assert found[2] == output + "\n"


def list_of(value: object) -> list[dict[str, object]]:
    """A JSON list of objects, typed."""
    assert isinstance(value, list)
    return value
