"""Two peers with identities of one's own talk over mutual TLS, and a stranger is refused; see key_directory.py."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from key_directory import DepartmentAdvisor, Directory, DirectoryCrypto, Member

from gossip import DialOptions, GossipError, RemotePeer, TlsFiles, noop_sign
from gossip.api.comm import Comm
from gossip.clock import SystemClock
from gossip.comm.engine import CommEngine
from gossip.comm.trust import Trust
from gossip.identity.mapper import IdentityMapper
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.msp.authority import Organisation
from gossip.transport.grpc_client import GrpcDialer
from gossip.transport.grpc_server import listen
from gossip.types import PeerIdentityType


@asynccontextmanager
async def open_member(
    name: str, key: Ed25519PrivateKey, directory: Directory, tls: TlsFiles
) -> AsyncIterator[tuple[Comm, str]]:
    """Open a peer on a free port of this machine; gives its communication layer and endpoint."""
    identity = PeerIdentityType(name.encode())
    crypto, advisor, clock = DirectoryCrypto(directory, key), DepartmentAdvisor(directory), SystemClock()
    async with IdentityMapper(identity, crypto, advisor, clock=clock) as mapper:
        trust = Trust(identity, crypto, advisor, mapper, clock)
        async with CommEngine(GrpcDialer(DialOptions(tls=tls)), trust) as comm:
            listener = await listen("127.0.0.1:0", comm.serve_stream, tls=tls)
            try:
                yield comm, listener.endpoint
            finally:
                await comm.stop()
                await listener.close(0)


def make_tls(folder: Path, name: str, organisation: Organisation) -> TlsFiles:
    """Write a throw-away TLS certificate for this machine; identities do not come from it, they are bound to it."""
    tls = organisation.issue_peer(name).tls
    files = TlsFiles(folder / f"{name}.crt", folder / f"{name}.key", (folder / "tls-ca.crt",))
    files.certificate.write_bytes(tls.certificate_pem)
    files.key.write_bytes(tls.key_pem)
    files.key.chmod(0o600)
    files.roots[0].write_bytes(organisation.tls_ca.certificate_pem)
    return files


async def print_messages(comm: Comm) -> None:
    """Print and acknowledge what arrives."""
    with comm.accept(lambda _: True) as messages:
        async for message in messages:
            name = message.get_connection_info().identity.decode()
            print(f"from {name}: {message.get_gossip_message().message.data_msg.payload.data.decode()}")
            await message.ack()


async def main() -> None:
    """Let alice talk to bob, and mallory try."""
    keys = {name: Ed25519PrivateKey.generate() for name in ("alice", "bob", "mallory")}
    directory = {
        "alice": Member("research", keys["alice"].public_key()),
        "bob": Member("accounting", keys["bob"].public_key()),
    }
    hello = noop_sign(GossipMessage(tag=Tag.CHAN_AND_ORG, data_msg=DataMessage(payload=Payload(data=b"hello"))))
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tls_authority = Organisation.create("TLS", "example.com", now=datetime.now(UTC))
        comms = {}
        for name, key in keys.items():
            whom_to_trust = directory if name != "mallory" else directory | {name: Member("none", key.public_key())}
            peer = open_member(name, key, whom_to_trust, make_tls(folder, name, tls_authority))
            comms[name] = await stack.enter_async_context(peer)
        bob, endpoint = comms["bob"]
        printing = asyncio.create_task(print_messages(bob))
        results = await comms["alice"][0].send_with_ack(hello, 5.0, 1, RemotePeer(endpoint, bob.get_pki_id()))
        print(f"bob acknowledged: {results.ack_count() == 1}")
        try:
            await comms["mallory"][0].handshake(RemotePeer(endpoint))
        except GossipError as error:
            print(f"mallory: {error}")
        await bob.stop()  # which ends the subscription, and with it the task
        await printing


if __name__ == "__main__":
    asyncio.run(main())
