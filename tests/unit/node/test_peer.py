"""A whole peer: what opens it, what it does with files that change, and what it leaves behind."""

import asyncio
import logging
import shutil
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gossip.api.options import DialOptions, TlsFiles
from gossip.api.peer import RemotePeer
from gossip.comm.stages import Stages
from gossip.errors import (
    ClosedError,
    ConfigurationError,
    InvalidArgumentError,
    OutOfOrderError,
    UnknownIdentityError,
)
from gossip.msp.authority import Authority, Validity
from gossip.msp.certificate import parse_certificate_pem
from gossip.msp.config import load_signing_identity
from gossip.msp.signing import SigningIdentity
from gossip.node.organizations import load_organizations
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.transport.endpoint import parse_endpoint
from gossip.transport.grpc import server as grpc_server
from gossip.transport.grpc.server import GrpcListener
from gossip.transport.limits import ServerLimits
from gossip.transport.tls.contexts import TlsSide, server_side
from tests.support.bounded import run_bounded
from tests.support.fake_clock import FakeClock
from tests.support.organizations import NOW, organization, organization_folder, peer, peer_folder
from tests.support.peers import other_tasks
from tests.support.recorders import RecordingMetrics


def settings_of(number: int = 1, *, folder: Path | None = None, listen: str | None = None) -> PeerSettings:
    """peer0 of an organisation, which knows both; its files may be copies."""
    home = folder or peer_folder(number)
    roots = tuple(organization_folder(each) / "msp" / "tlscacerts" for each in (1, 2))
    tls = TlsFiles(home / "tls" / "server.crt", home / "tls" / "server.key", roots)
    other = 3 - number
    organizations = {f"Org{other}MSP": organization_folder(other) / "msp"}
    return PeerSettings(f"Org{number}MSP", home / "msp", tls, listen, organizations)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of peer0 of Org1, to be changed."""
    return Path(shutil.copytree(peer_folder(1), tmp_path / "peer"))


def test_a_closed_peer_leaves_no_task_and_takes_no_call() -> None:
    async def main() -> None:
        async with open_peer(settings_of(1, listen="127.0.0.1:0")) as one, open_peer(settings_of(2)) as two:
            await two.comm.handshake(RemotePeer(one.endpoint))
        assert other_tasks() == []
        with pytest.raises(ClosedError):
            await two.comm.handshake(RemotePeer(one.endpoint))
        await two.stop()

    run_bounded(main)


@pytest.mark.parametrize("settings", [None, "core.yaml"])
def test_what_is_no_settings_opens_nothing(settings: Any) -> None:
    async def main() -> None:
        with pytest.raises(InvalidArgumentError, match=r"^settings must be PeerSettings, not (None|'core.yaml')$"):
            await open_peer(settings).__aenter__()
        assert other_tasks() == []

    run_bounded(main)


def test_a_key_that_others_may_use_is_warned_of(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    key, (signing_key,) = folder / "tls" / "server.key", (folder / "msp" / "keystore").iterdir()

    async def main() -> None:
        async with open_peer(settings_of(folder=folder)) as peer:
            assert caplog.messages == []
            key.chmod(0o640)
            signing_key.chmod(0o604)
            with caplog.at_level(logging.WARNING):
                await peer.reload()
                async with open_peer(settings_of(folder=folder)):
                    pass

    run_bounded(main)
    assert caplog.messages == 2 * [
        f"{signing_key} is a private key that users other than its owner may use (mode 0604): chmod 600 {signing_key}",
        f"{key} is a private key that users other than its owner may use (mode 0640): chmod 600 {key}",
    ]


def test_what_a_listener_cannot_use_is_not_taken_for_its_address(folder: Path) -> None:
    key = folder / "tls" / "server.key"
    key.write_bytes(peer(2).tls.key_pem)
    settings = replace(
        settings_of(folder=folder, listen="127.0.0.1:0"),
        dial=DialOptions(tls=settings_of().tls),
        sources={"peer.listenAddress": "core.yaml:7"},
    )

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="is not the key of") as refused:
            async with open_peer(settings):
                pass
        assert refused.value.path == str(key)

    run_bounded(main)


def test_a_peer_that_does_not_listen_has_no_endpoint() -> None:
    async def main() -> None:
        async with open_peer(settings_of()) as peer:
            with pytest.raises(OutOfOrderError, match="does not listen"):
                _ = peer.endpoint

    run_bounded(main)


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:x", "no-such-host.invalid:0"])
def test_an_address_that_cannot_be_listened_on_is_named(listen: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError, match=f"cannot listen on {listen}"):
            async with open_peer(settings_of(listen=listen)):
                pass
        assert other_tasks() == []

    run_bounded(main)


def test_an_address_that_cannot_be_listened_on_is_named_with_its_line() -> None:
    async def main() -> None:
        sources = {"peer.listenAddress": "core.yaml:7"}
        with pytest.raises(ConfigurationError, match=r"^core\.yaml:7: cannot listen on nowhere: ") as raised:
            async with open_peer(replace(settings_of(listen="nowhere"), sources=sources)):
                pass
        assert raised.value.path == "core.yaml:7"
        assert other_tasks() == []

    run_bounded(main)


def test_our_own_identity_must_not_have_expired(folder: Path) -> None:
    renew_identity(folder, Validity.expired(NOW))

    async def main() -> None:
        with pytest.raises(ConfigurationError, match=r"our own identity cannot be used: .* expired") as caught:
            async with open_peer(settings_of(folder=folder)):
                pass
        assert caught.value.path == str(folder / "msp")

    run_bounded(main)


def test_a_certificate_of_its_own_is_presented_where_we_dial() -> None:
    """Fabric's peer.tls.clientCert: the hash in our ConnEstablish is that certificate's."""

    async def main() -> None:
        other = peer_folder(2, 1) / "tls"
        settings = settings_of(2)
        assert settings.tls is not None
        client_tls = TlsFiles(other / "server.crt", other / "server.key", settings.tls.roots)
        with_client_tls = replace(settings, dial=DialOptions(tls=client_tls))
        async with open_peer(settings_of(1, listen="127.0.0.1:0")) as one, open_peer(with_client_tls) as two:
            accepted = await two.comm.introduce(RemotePeer(one.endpoint), Stages())
            assert accepted.link.own_certificate == leaf(other / "server.crt")

    run_bounded(main)


def test_after_a_reload_the_new_certificates_are_presented_and_the_new_name_is_ours(folder: Path) -> None:
    async def main() -> None:
        dialling = settings_of(folder=folder)
        async with open_peer(settings_of(2, listen="127.0.0.1:0")) as other, open_peer(dialling) as peer:
            old = peer.comm.get_pki_id()
            renew_identity(folder)
            renew_tls(folder)

            await peer.reload()

            new = peer.comm.get_pki_id()
            accepted = await peer.comm.introduce(RemotePeer(other.endpoint), Stages())
            assert accepted.link.own_certificate == leaf(folder / "tls" / "server.crt")
            assert old != new == peer.identities.get_pki_id_of_cert(peer.identity)
            assert other.identities.get(new) == peer.identity
            assert peer.identities.get(old), "the former one ages like any other"

    run_bounded(main)


def test_an_expired_identity_is_not_taken_up_and_everything_stays(folder: Path) -> None:
    async def main() -> None:
        async with (
            open_peer(settings_of(2, listen="127.0.0.1:0")) as other,
            open_peer(settings_of(folder=folder)) as peer,
        ):
            identity = peer.identity
            presented = leaf(folder / "tls" / "server.crt")
            renew_tls(folder)
            renew_identity(folder, Validity.expired(NOW))

            with pytest.raises(ConfigurationError, match="our own identity cannot be used"):
                await peer.reload()

            assert peer.identity == identity
            accepted = await peer.comm.introduce(RemotePeer(other.endpoint), Stages())
            assert accepted.link.own_certificate == presented
            assert other.identities.get(peer.comm.get_pki_id()) == identity

    run_bounded(main)


def test_a_peer_listens_once_and_not_after_its_end() -> None:
    async def main() -> None:
        async with open_peer(settings_of(listen="127.0.0.1:0")) as peer:
            with pytest.raises(OutOfOrderError, match=f"this peer listens at {peer.endpoint}"):
                await peer.listen()
        with pytest.raises(OutOfOrderError, match="this peer was stopped"):
            await peer.listen()

    run_bounded(main)


def test_a_peer_that_is_stopped_while_it_begins_to_listen_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[GrpcListener] = []
    listen = grpc_server.listen

    async def listen_in_a_while(*args: Any, **options: Any) -> GrpcListener:
        await asyncio.sleep(0)
        begun.append(await listen(*args, **options))
        return begun[-1]

    monkeypatch.setattr(grpc_server, "listen", listen_in_a_while)

    async def main() -> None:
        peer = Peer(settings_of(listen="127.0.0.1:0"), None, None, None)
        async with peer.identities:
            beginning = asyncio.create_task(peer.listen())
            await asyncio.sleep(0)
            await peer.stop()
            with pytest.raises(OutOfOrderError, match="stopped"):
                await beginning
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*parse_endpoint(begun[0].endpoint))

    run_bounded(main)


def test_a_reload_keeps_the_dial_options_that_were_set_since(folder: Path) -> None:
    async def main() -> None:
        async with (
            open_peer(settings_of(2, listen="127.0.0.1:0")) as other,
            open_peer(settings_of(folder=folder)) as peer,
        ):
            peer.comm.set_dial_opts(DialOptions(dial_timeout_s=1.5))
            renew_tls(folder)
            await peer.reload()
            assert peer.comm.dial_options.dial_timeout_s == 1.5
            accepted = await peer.comm.introduce(RemotePeer(other.endpoint), Stages())
            assert accepted.link.own_certificate == leaf(folder / "tls" / "server.crt")

    run_bounded(main)


def test_the_crl_that_revokes_our_own_identity_is_named(folder: Path) -> None:
    crl = folder / "msp" / "crls" / "crl.pem"

    async def main() -> None:
        async with open_peer(settings_of(folder=folder)) as running:
            crl.parent.mkdir(exist_ok=True)
            crl.write_bytes(organization(1).ca.revoke([peer(1).identity.certificate], now=NOW))

            with pytest.raises(ConfigurationError, match=r"our own identity cannot be used: .* revoked") as caught:
                await running.reload()

            assert caught.value.path == str(crl)

    run_bounded(main)


def test_the_rule_of_config_yaml_that_our_own_identity_breaks_is_named(folder: Path) -> None:
    other = Authority.create("ca-old.org1.example.com", "org1.example.com", validity=organization(1).validity)
    (folder / "msp" / "cacerts" / "ca-old.pem").write_bytes(other.certificate_pem)
    config = folder / "msp" / "config.yaml"
    before, peers = config.read_text().split("PeerOUIdentifier:")
    certificate = f"cacerts/{organization(1).ca.name}-cert.pem"
    config.write_text(before + "PeerOUIdentifier:" + peers.replace(certificate, "cacerts/ca-old.pem", 1))
    line = config.read_text().splitlines().index("    Certificate: cacerts/ca-old.pem") + 1

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="our own identity cannot be used") as caught:
            async with open_peer(settings_of(folder=folder)):
                pass
        assert caught.value.path == f"{config}:{line}"

    run_bounded(main)


def test_another_thread_changes_and_stops_nothing(folder: Path) -> None:
    async def main() -> None:
        async with (
            open_peer(settings_of(2)) as other,
            open_peer(settings_of(folder=folder, listen="127.0.0.1:0")) as running,
        ):
            identity = running.identity
            renew_identity(folder, Validity.running(NOW))

            def elsewhere() -> None:
                with pytest.raises(OutOfOrderError, match="outside the event loop"):
                    asyncio.run(running.reload())
                with pytest.raises(OutOfOrderError, match="outside the event loop"):
                    running.set_identity(other.identity)
                with pytest.raises(OutOfOrderError, match="outside the event loop"):
                    asyncio.run(running.stop())

            await asyncio.to_thread(elsewhere)
            assert running.identity == identity
            assert await other.comm.handshake(RemotePeer(running.endpoint)) == identity

    run_bounded(main)


def test_a_file_that_came_with_the_last_reload_must_not_be_half_written_at_the_next(folder: Path) -> None:
    crl = folder / "msp" / "crls" / "crl.pem"

    async def main() -> None:
        async with open_peer(settings_of(folder=folder)) as peer:
            crl.parent.mkdir(exist_ok=True)
            crl.write_bytes(organization(1).ca.revoke([], now=NOW))
            await peer.reload()
            crl.write_bytes(b"")

            with pytest.raises(ConfigurationError, match="holds nothing readable any more") as caught:
                await peer.reload()

            assert caught.value.path == str(crl)

    run_bounded(main)


def test_our_own_organization_is_no_other_one() -> None:
    settings = settings_of()
    twice = replace(settings, organizations={**settings.organizations, "Org1MSP": organization_folder(1) / "msp"})

    async def main() -> None:
        with pytest.raises(ConfigurationError, match="Org1MSP is our own organisation and cannot be another one too"):
            async with open_peer(twice):
                pass

    run_bounded(main)


def test_a_config_yaml_that_goes_away_while_all_is_read_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_config_gone(path: Path, mspid: str) -> SigningIdentity:
        (path / "config.yaml").unlink()
        monkeypatch.setattr("gossip.node.organizations.exists", lambda _: True)  # as it was a moment ago
        return load_signing_identity(path, mspid)

    monkeypatch.setattr("gossip.node.organizations.load_signing_identity", with_config_gone)

    assert folder / "msp" / "config.yaml" not in load_organizations(settings_of(folder=folder)).read


def test_reloading_what_has_not_changed_changes_nothing(folder: Path) -> None:
    async def main() -> None:
        listening = settings_of(folder=folder, listen="127.0.0.1:0")
        async with open_peer(listening) as peer, open_peer(settings_of(2)) as other:
            await connect(other, peer)
            await peer.reload()
            await asyncio.sleep(0)
            assert other.comm.get_pki_id() in peer.identities.identity_info().by_id()
            await other.comm.handshake(RemotePeer(peer.endpoint, peer.comm.get_pki_id()))

    run_bounded(main)


def test_connections_that_the_listener_cuts_off_are_counted() -> None:
    async def main() -> None:
        settings = replace(settings_of(listen="127.0.0.1:0"), limits=ServerLimits(tls_timeout_s=0.01))
        metrics = RecordingMetrics()
        async with open_peer(settings, metrics=metrics) as peer:
            reader, writer = await asyncio.open_connection(*peer.endpoint.rsplit(":", 1))
            assert await reader.read() == b"", "cut off for its silence"
            writer.close()
        assert metrics.cut == ["slow"]

    run_bounded(main)


async def connect(dialling: Peer, listening: Peer) -> None:
    """Let one know the other."""
    await dialling.comm.handshake(RemotePeer(listening.endpoint))


def leaf(file: Path) -> bytes:
    """The certificate in a file, in DER."""
    return parse_certificate_pem(file.read_bytes())[0].der


def renew_identity(folder: Path, validity: Validity | None = None) -> None:
    """Issue another identity to peer0 of Org1."""
    member = organization(1).issue_peer("peer0", validity=validity)
    (certificate,) = (folder / "msp" / "signcerts").iterdir()
    certificate.write_bytes(member.identity.certificate_pem)
    (folder / "msp" / "keystore" / "priv_sk").write_bytes(member.identity.key_pem)


def renew_tls(folder: Path) -> None:
    """Issue another TLS certificate to peer0 of Org1."""
    member = organization(1).issue_peer("peer0")
    (folder / "tls" / "server.crt").write_bytes(member.tls.certificate_pem)
    (folder / "tls" / "server.key").write_bytes(member.tls.key_pem)


def test_tls_files_that_only_a_listener_cannot_use_change_nothing(folder: Path, tmp_path: Path) -> None:
    """A leaf with bytes behind it: OpenSSL takes it as an anchor for servers, and not in place of a CA of clients."""
    settings = settings_of(listen="127.0.0.1:0", folder=folder)
    assert settings.tls is not None
    roots = tmp_path / "roots"
    shutil.copytree(settings.tls.roots[0], roots)
    settings = replace(settings, tls=replace(settings.tls, roots=(*settings.tls.roots, roots)))

    async def main() -> None:
        async with open_peer(settings) as peer, open_peer(settings_of(2)) as other:
            before = peer.identity
            renew_identity(folder, Validity.running(NOW))
            trailing = leaf(peer_folder(2, 1) / "tls" / "server.crt") + bytes(2)
            (roots / "leaf.pem").write_text(ssl.DER_cert_to_PEM_cert(trailing))
            with pytest.raises(ConfigurationError, match=r"leaf\.pem: holds no usable CA certificate"):
                await peer.reload()
            assert peer.identity == before
            assert await other.comm.handshake(RemotePeer(peer.endpoint)) == before

    run_bounded(main)


def test_each_tls_file_is_read_once_so_that_no_reload_can_fail_half_way(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both sides of TLS are made before anything changes, and one that fails leaves everything as it was."""
    settings = settings_of(listen="127.0.0.1:0", folder=folder)

    async def main() -> None:
        async with open_peer(settings) as peer, open_peer(settings_of(2)) as other:
            before, presented = peer.identity, leaf(folder / "tls" / "server.crt")
            renew_identity(folder, Validity.running(NOW))
            renew_tls(folder)
            made: list[str] = []

            def make(files: TlsFiles) -> TlsSide:
                made.append("dialler")
                raise ConfigurationError("is empty by now", path=str(files.certificate))

            def make_server(files: TlsFiles, *, require_client_certificate: bool) -> TlsSide:
                made.append("listener")
                return server_side(files, require_client_certificate=require_client_certificate)

            with monkeypatch.context() as patched:
                patched.setattr("gossip.node.peer.client_side", make)
                patched.setattr("gossip.node.peer.server_side", make_server)
                with pytest.raises(ConfigurationError, match="is empty by now"):
                    await peer.reload()
            assert made == ["listener", "dialler"]
            assert peer.identity == before
            accepted = await other.comm.introduce(RemotePeer(peer.endpoint), Stages())
            assert (accepted.info.identity, accepted.link.peer_certificate) == (before, presented)

            await peer.reload()
            accepted = await other.comm.introduce(RemotePeer(peer.endpoint), Stages())
            assert accepted.info.identity == peer.identity != before
            assert accepted.link.peer_certificate == leaf(folder / "tls" / "server.crt") != presented

    run_bounded(main)


class SetClock(FakeClock):
    """Whoever sleeps by it sleeps for good."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


def test_the_msps_are_taken_up_though_our_own_identity_has_ended(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever oversleeps a renewal must not go on with those that are revoked meanwhile."""
    theirs = Path(shutil.copytree(organization_folder(2) / "msp", tmp_path / "theirs"))
    renew_identity(folder, Validity(NOW - timedelta(minutes=1), NOW + timedelta(hours=1)))
    settings = replace(settings_of(folder=folder, listen="127.0.0.1:0"), organizations={"Org2MSP": theirs})
    clock = SetClock(NOW)

    async def main() -> None:
        async with open_peer(settings, clock=clock) as ours, open_peer(settings_of(2)) as other:
            await other.comm.introduce(RemotePeer(ours.endpoint), Stages())
            assert "The enrollment certificate expires within 0 days and 1 hours" in caplog.messages
            theirs_pki_id = other.comm.get_pki_id()
            assert ours.identities.get(theirs_pki_id) == other.identity
            clock.move(timedelta(hours=2))
            (theirs / "crls").mkdir(exist_ok=True)
            revoked = organization(2).ca.revoke([peer(2).identity.certificate], now=NOW)
            (theirs / "crls" / "crl.pem").write_bytes(revoked)

            await ours.reload()

            with pytest.raises(UnknownIdentityError):
                ours.identities.get(theirs_pki_id)
            assert "The enrollment certificate has expired" in caplog.messages

    run_bounded(main)
