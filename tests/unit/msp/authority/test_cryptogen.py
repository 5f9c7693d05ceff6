"""The folders, against the listing that cryptogen makes for the same organisation."""

import stat
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from gossip.errors import ConfigurationError
from gossip.msp.authority import Organization, read_authority, write_peer_organization
from tests.support.organizations import NOW, organization, organization_folder, peer, peer_folder

# cryptogen generate, PeerOrgs: Name Org9, Domain org9.example.com, EnableNodeOUs true, Template.Count 1, Users.Count 1
LISTING = """
ca/ca.org9.example.com-cert.pem
ca/priv_sk
msp/admincerts/
msp/cacerts/ca.org9.example.com-cert.pem
msp/config.yaml
msp/tlscacerts/tlsca.org9.example.com-cert.pem
peers/peer0.org9.example.com/msp/admincerts/
peers/peer0.org9.example.com/msp/cacerts/ca.org9.example.com-cert.pem
peers/peer0.org9.example.com/msp/config.yaml
peers/peer0.org9.example.com/msp/keystore/priv_sk
peers/peer0.org9.example.com/msp/signcerts/peer0.org9.example.com-cert.pem
peers/peer0.org9.example.com/msp/tlscacerts/tlsca.org9.example.com-cert.pem
peers/peer0.org9.example.com/tls/ca.crt
peers/peer0.org9.example.com/tls/server.crt
peers/peer0.org9.example.com/tls/server.key
tlsca/priv_sk
tlsca/tlsca.org9.example.com-cert.pem
users/Admin@org9.example.com/msp/admincerts/
users/Admin@org9.example.com/msp/cacerts/ca.org9.example.com-cert.pem
users/Admin@org9.example.com/msp/config.yaml
users/Admin@org9.example.com/msp/keystore/priv_sk
users/Admin@org9.example.com/msp/signcerts/Admin@org9.example.com-cert.pem
users/Admin@org9.example.com/msp/tlscacerts/tlsca.org9.example.com-cert.pem
users/Admin@org9.example.com/tls/ca.crt
users/Admin@org9.example.com/tls/client.crt
users/Admin@org9.example.com/tls/client.key
users/User1@org9.example.com/msp/admincerts/
users/User1@org9.example.com/msp/cacerts/ca.org9.example.com-cert.pem
users/User1@org9.example.com/msp/config.yaml
users/User1@org9.example.com/msp/keystore/priv_sk
users/User1@org9.example.com/msp/signcerts/User1@org9.example.com-cert.pem
users/User1@org9.example.com/msp/tlscacerts/tlsca.org9.example.com-cert.pem
users/User1@org9.example.com/tls/ca.crt
users/User1@org9.example.com/tls/client.crt
users/User1@org9.example.com/tls/client.key
"""


def test_the_layout_is_cryptogens(tmp_path: Path) -> None:
    organization = Organization.create("Org9MSP", "org9.example.com", now=NOW)
    members = [organization.issue_peer("peer0"), organization.issue_admin(), organization.issue_client()]

    folder = write_peer_organization(tmp_path, organization, members)

    assert folder == tmp_path / "peerOrganizations" / "org9.example.com"
    found = [
        f"{path.relative_to(folder)}{'/' if path.is_dir() else ''}"
        for path in folder.rglob("*")
        if path.is_file() or not any(path.iterdir())
    ]
    assert sorted(found) == LISTING.split()


def test_only_the_owner_reads_private_keys() -> None:
    keys = [path for path in organization_folder().rglob("*") if path.name == "priv_sk" or path.suffix == ".key"]

    assert len(keys) == 12
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_certificates_and_keys_belong_together() -> None:
    folder = peer_folder()
    for certificate, key in [
        ("msp/signcerts/peer0.org1.example.com-cert.pem", "msp/keystore/priv_sk"),
        ("tls/server.crt", "tls/server.key"),
    ]:
        public = load_pem_x509_certificate((folder / certificate).read_bytes()).public_key()
        assert load_pem_private_key((folder / key).read_bytes(), None).public_key() == public


def test_config_yaml_turns_node_ous_on_with_the_ca_as_certifier() -> None:
    node_ous = yaml.safe_load((peer_folder() / "msp" / "config.yaml").read_text())["NodeOUs"]

    assert node_ous.pop("Enable") is True
    assert node_ous == {
        f"{role.capitalize()}OUIdentifier": {
            "Certificate": "cacerts/ca.org1.example.com-cert.pem",
            "OrganizationalUnitIdentifier": role,
        }
        for role in ("client", "peer", "admin", "orderer")
    }


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write_peer_organization(tmp_path, organization(), [])
    with pytest.raises(FileExistsError):
        write_peer_organization(tmp_path, organization(), [peer()])


def test_what_holds_no_ca_is_no_authority(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"^{tmp_path}: holds 0 files \\*-cert.pem and not one$"):
        read_authority(tmp_path)
    (tmp_path / "ca-cert.pem").write_bytes(organization(1).ca.certificate_pem)
    with pytest.raises(ConfigurationError, match=f"^{tmp_path}: holds no CA that can be used: .* No such file"):
        read_authority(tmp_path)
    (tmp_path / "priv_sk").write_bytes(organization(2).ca.key_pem)
    with pytest.raises(ConfigurationError, match=f"^{tmp_path}/priv_sk: is not the ECDSA key of ca-cert.pem$"):
        read_authority(tmp_path)
    (tmp_path / "priv_sk").write_bytes(organization(1).ca.key_pem)
    assert read_authority(tmp_path).key_pem == organization(1).ca.key_pem
