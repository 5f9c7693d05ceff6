"""A peer whose files change on disk while it runs: what it takes up, what it lets go of, and what it leaves alone."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gossip.api.options import TlsFiles
from gossip.api.peer import RemotePeer
from gossip.cli.data import data_message
from gossip.errors import RefusedByPeerError
from gossip.msp.authority import IssuedMember
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.types import ChannelId, PkiId
from tests.support.bounded import run_bounded
from tests.support.cli import run
from tests.support.organizations import NOW, admin, organization, organization_folder, peer, peer_folder
from tests.support.served import Served, peer_options, serving

MESSAGE = data_message(b"hello", ChannelId(b""))


@dataclass(frozen=True)
class Files:
    """What the served peer reads: its own folder, and the MSP folder of Org2."""

    home: Path
    org2: Path

    @property
    def options(self) -> list[str]:
        """By which it is served; it looks for changes when it is told to."""
        own = [option for option in peer_options(1, folder=self.home) if not option.startswith("--org=")]
        return [*own, f"--org=Org2MSP={self.org2}", "--ack", "--watch-interval=0"]

    def revoke(self, member: IssuedMember) -> None:
        """Let Org2 revoke a member."""
        (self.org2 / "crls").mkdir(exist_ok=True)
        crl = organization(2).ca.revoke([member.identity.certificate], now=NOW)
        replace(self.org2 / "crls" / "crl.pem", crl)

    def renew_tls(self, member: IssuedMember) -> None:
        """Give the peer another TLS certificate."""
        replace(self.home / "tls" / "server.crt", member.tls.certificate_pem)
        replace(self.home / "tls" / "server.key", member.tls.key_pem)

    def renew_identity(self, member: IssuedMember) -> None:
        """Give the peer another identity."""
        (certificate,) = (self.home / "msp" / "signcerts").iterdir()
        replace(certificate, member.identity.certificate_pem)
        replace(self.home / "msp" / "keystore" / "priv_sk", member.identity.key_pem)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Copies to be changed."""
    home = shutil.copytree(peer_folder(1), tmp_path / "peer")
    return Files(home, shutil.copytree(organization_folder(2) / "msp", tmp_path / "org2"))


@pytest.fixture
def served(files: Files) -> Iterator[Served]:
    """peer0 of Org1 as a process, which acknowledges."""
    with serving(*files.options) as process:
        yield process


def replace(file: Path, content: bytes) -> None:
    """Write a file as tools that care do: beside it, then in its place."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(content)
    beside.replace(file)


def client_settings() -> PeerSettings:
    """peer0 of Org2, which knows Org1."""
    home = peer_folder(2)
    roots = tuple(organization_folder(number) / "msp" / "tlscacerts" for number in (1, 2))
    tls = TlsFiles(home / "tls" / "server.crt", home / "tls" / "server.key", roots)
    return PeerSettings("Org2MSP", home / "msp", tls, organizations={"Org1MSP": organization_folder(1) / "msp"})


def remote(served: Served) -> RemotePeer:
    """How the served peer was addressed when it got ready."""
    return RemotePeer(served.endpoint, PkiId(bytes.fromhex(served.pki_id)))


async def send(client: Peer, to: RemotePeer) -> None:
    """Send a message that must be acknowledged."""
    (result,) = await client.comm.send_with_ack(MESSAGE, 10, 1, to)
    assert result.error is None


async def reload(served: Served) -> dict[str, object]:
    """Tell it to look, and wait until it has."""
    served.signal(signal.SIGHUP)
    return await asyncio.to_thread(served.event, "reloaded")


def certificate_hash(served: Served) -> object:
    """What the served peer presents in TLS now."""
    outcome = run("handshake", served.endpoint, *peer_options(1, 1), "--json")
    assert outcome.exit_code == 0, outcome.stdout
    return outcome.object["tls_cert_sha256"]


def test_a_revoked_peer_is_cut_off_and_not_let_in_again(files: Files, served: Served) -> None:
    async def main() -> None:
        async with open_peer(client_settings()) as client:
            await send(client, remote(served))
            accepted = await asyncio.to_thread(served.event, "accepted")
            deaths = client.comm.presumed_dead()

            files.revoke(peer(2))
            await reload(served)

            disconnected = await asyncio.to_thread(served.event, "disconnected")
            assert disconnected["pki_id"] == accepted["pki_id"] == client.comm.get_pki_id().hex()
            assert await anext(deaths) == remote(served).pki_id
            with pytest.raises(RefusedByPeerError, match="revoked"):
                await client.comm.handshake(remote(served))

    run_bounded(main, 60)


def test_a_new_tls_certificate_is_for_new_connections_and_old_ones_stay(files: Files, served: Served) -> None:
    async def main() -> None:
        before = await asyncio.to_thread(certificate_hash, served)
        async with open_peer(client_settings()) as client:
            await send(client, remote(served))

            files.renew_tls(organization(1).issue_peer("peer0"))
            await reload(served)

            await send(client, remote(served))
            assert await asyncio.to_thread(certificate_hash, served) != before
        names = [event["event"] for event in served.seen]
        assert names.count("accepted") == 1, "the second message went over the same connection"
        assert "disconnected" not in names

    run_bounded(main, 60)


def test_half_a_renewal_changes_nothing_and_says_so(files: Files, served: Served) -> None:
    before = certificate_hash(served)
    renewed = organization(1).issue_peer("peer0")

    replace(files.home / "tls" / "server.crt", renewed.tls.certificate_pem)
    served.signal(signal.SIGHUP)
    reason = str(served.event("reload_failed")["reason"])

    key = files.home / "tls" / "server.key"
    assert reason == f"{key}: is not the key of the certificate in {files.home / 'tls' / 'server.crt'}"
    assert certificate_hash(served) == before

    replace(key, renewed.tls.key_pem)
    served.signal(signal.SIGHUP)
    served.event("reloaded")
    assert certificate_hash(served) != before
    assert served.stop() == 0
    assert "The files cannot be used; those read before remain in force" in served.stderr
    assert reason in served.stderr


def test_a_broken_tls_file_keeps_the_msps_too(files: Files, served: Served) -> None:
    async def main() -> None:
        async with open_peer(client_settings()) as client:
            await send(client, remote(served))

            files.revoke(peer(2))
            (files.home / "tls" / "server.crt").write_text("half a cert")
            served.signal(signal.SIGHUP)
            failed = await asyncio.to_thread(served.event, "reload_failed")

            assert failed["reason"] == f"{files.home / 'tls' / 'server.crt'}: holds no certificate in PEM"
            await send(client, remote(served))
            await client.comm.handshake(remote(served))  # not revoked yet

    run_bounded(main, 60)


@pytest.mark.parametrize("name", ["config.yaml", "cacerts/ca.org2.example.com-cert.pem"])
def test_a_broken_file_of_another_organization_keeps_the_old_ones(name: str, files: Files, served: Served) -> None:
    (files.org2 / name).write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{")

    served.signal(signal.SIGHUP)

    assert str(files.org2 / name) in str(served.event("reload_failed")["reason"])
    assert run("handshake", served.endpoint, *peer_options(2)).exit_code == 0


@pytest.mark.parametrize("name", ["config.yaml", "crls/crl.pem"])
def test_a_file_that_says_nothing_any_more_is_taken_for_half_written(name: str, files: Files) -> None:
    files.revoke(peer(2))
    (files.org2 / "admincerts" / "admin.pem").write_bytes(admin(2).identity.certificate_pem)
    with serving(*files.options) as served:
        written = (files.org2 / name).read_bytes()
        (files.org2 / name).write_bytes(b"")  # as a tool does before it writes

        served.signal(signal.SIGHUP)

        reason = f"{files.org2 / name}: holds nothing readable any more; is it being rewritten?"
        assert served.event("reload_failed")["reason"] == reason
        assert run("handshake", served.endpoint, *peer_options(2)).exit_code == 1, "still revoked"
        (files.org2 / name).write_bytes(written)
        served.signal(signal.SIGHUP)
        served.event("reloaded")


def test_a_renewed_identity_is_found_where_the_old_one_was(files: Files, served: Served) -> None:
    """Who asks for the old PKI-ID reaches the new one, learns of the switch, and loses nothing."""

    async def main() -> None:
        old = remote(served)
        async with open_peer(client_settings()) as client:
            await send(client, old)

            files.renew_identity(organization(1).issue_peer("peer0"))
            renewed = await reload(served)

            assert renewed["pki_id"] != served.pki_id
            await client.comm.close_conn(old)
            with client.comm.identity_switch() as switches:
                await send(client, old)
                assert await anext(switches) == old.pki_id
            assert client.identities.get(PkiId(bytes.fromhex(str(renewed["pki_id"]))))

    run_bounded(main, 60)


def test_an_identity_of_another_organization_is_not_taken_up(files: Files, served: Served) -> None:
    files.renew_identity(organization(2).issue_peer("peer0"))

    served.signal(signal.SIGHUP)

    assert str(files.home / "msp") in str(served.event("reload_failed")["reason"])
    assert run("handshake", served.endpoint, *peer_options(2), f"--expect-pki-id={served.pki_id}").exit_code == 0


def test_a_pipe_in_place_of_a_tls_ca_holds_nobody_up(files: Files) -> None:
    ca_file = files.home / "tls" / "ca.crt"
    with serving(*files.options, f"--tls-ca={ca_file}") as served:
        ca_file.unlink()
        os.mkfifo(ca_file)  # and nobody writes to it

        served.signal(signal.SIGHUP)

        assert served.event("reload_failed")["reason"] == f"{ca_file}: is a pipe, which can be read only once"
        assert run("handshake", served.endpoint, *peer_options(2)).exit_code == 0


def test_changes_are_noticed_without_a_signal(files: Files) -> None:
    with serving(*files.options, "--watch-interval=0.1") as served:
        files.revoke(peer(2))
        served.event("reloaded")
        assert run("handshake", served.endpoint, *peer_options(2)).exit_code == 1

        (files.org2 / "crls" / "crl.pem").write_text("-----BEGIN X509 CRL-----\nAA==\n-----END X509 CRL-----\n")
        assert "crl.pem" in str(served.event("reload_failed")["reason"])

        (files.org2 / "crls" / "crl.pem").unlink()
        served.event("reloaded")
        assert run("handshake", served.endpoint, *peer_options(2)).exit_code == 0
