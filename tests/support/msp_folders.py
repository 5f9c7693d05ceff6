"""What tests put into an MSP folder, and what is found there."""

from pathlib import Path

from gossip.msp.authority import Credential
from gossip.msp.lint import Finding, lint_msp_folder
from tests.support.organizations import NOW, organization

NAME = "peer0.org1.example.com"
OWN = f"signcerts/{NAME}-cert.pem"
CA_FILE = "cacerts/ca.org1.example.com-cert.pem"
CA = organization().ca
VALIDITY = organization().validity


def found(path: Path) -> set[tuple[str, str]]:
    return {(finding.file, finding.rule) for finding in lint_msp_folder(path, now=NOW).findings}


def only_finding(msp: Path) -> Finding:
    (finding,) = lint_msp_folder(msp, now=NOW).findings
    return finding


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def put_own(msp: Path, credential: Credential) -> None:
    """Give the peer another certificate and key."""
    put(msp / OWN, credential.certificate_pem)
    put(msp / "keystore" / "priv_sk", credential.key_pem)


def put_tls(msp: Path, credential: Credential) -> None:
    put(msp.parent / "tls" / "server.crt", credential.certificate_pem)
    put(msp.parent / "tls" / "server.key", credential.key_pem)


def own_identity(**changes: object) -> Credential:
    """An identity as peer0 has it, with something else."""
    options: dict[str, object] = {"validity": VALIDITY, "units": ["peer"]} | changes
    return CA.issue_identity(NAME, **options)  # type: ignore[arg-type]  # the names are checked when it runs


def replace_line(path: Path, old: str, new: str, count: int = -1) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))
