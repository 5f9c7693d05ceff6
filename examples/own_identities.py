"""Two peers with identities of their own kind talk over mutual TLS, and a stranger is refused; see key_directory.py."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from key_directory import DepartmentAdvisor, Directory, DirectoryCrypto, Member

from gossip import GossipError, Node, RemotePeer, TlsFiles, noop_sign
from gossip.api.comm import Comm
from gossip.messages import DataMessage, GossipMessage, Payload, Tag
from gossip.msp.authority import Organization
from gossip.types import PeerIdentityType


def member(name: str, key: Ed25519PrivateKey, directory: Directory, tls: TlsFiles) -> Node:
    """A peer that listens on a free port of this machine, and knows those who are in the directory."""
    identity = PeerIdentityType(name.encode())
    crypto, advisor = DirectoryCrypto(directory, key), DepartmentAdvisor(directory)
    return Node(identity, crypto, advisor, tls=tls, listen="127.0.0.1:0")


def make_tls(folder: Path, name: str, organization: Organization) -> TlsFiles:
    """Write a throw-away TLS certificate for this machine; identities do not come from it, they are bound to it."""
    tls = organization.issue_peer(name).tls
    files = TlsFiles(folder / f"{name}.crt", folder / f"{name}.key", (folder / "tls-ca.crt",))
    files.certificate.write_bytes(tls.certificate_pem)
    files.key.write_bytes(tls.key_pem)
    files.key.chmod(0o600)
    files.roots[0].write_bytes(organization.tls_ca.certificate_pem)
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
        tls_authority = Organization.create("TLS", "example.com", now=datetime.now(UTC))
        members = {}
        for name, key in keys.items():
            whom_to_trust = directory if name != "mallory" else directory | {name: Member("none", key.public_key())}
            peer = member(name, key, whom_to_trust, make_tls(folder, name, tls_authority))
            members[name] = await stack.enter_async_context(peer)
        bob = members["bob"]
        printing = asyncio.create_task(print_messages(bob.comm))
        there = RemotePeer(bob.endpoint, bob.comm.get_pki_id())
        results = await members["alice"].comm.send_with_ack(hello, 5.0, 1, there)
        print(f"bob acknowledged: {results.ack_count() == 1}")
        try:
            await members["mallory"].comm.handshake(RemotePeer(bob.endpoint))
        except GossipError as error:
            print(f"mallory: {error}")
        await bob.stop()  # which ends the subscription, and with it the task
        await printing


if __name__ == "__main__":
    asyncio.run(main())
