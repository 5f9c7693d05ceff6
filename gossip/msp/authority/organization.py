"""An organisation of our own: a CA, a TLS CA, and the peers, admins and clients that they issue."""

from dataclasses import dataclass
from datetime import datetime

from gossip.msp.authority.authority import Authority
from gossip.msp.authority.credential import Credential, Validity
from gossip.msp.roles import Role

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class IssuedMember:
    """Somebody with an identity in an organisation and a TLS certificate for its connections.

    ``name`` is the common name of both, such as ``peer0.org1.example.com`` or ``Admin@org1.example.com``.
    """

    name: str
    role: Role
    identity: Credential
    tls: Credential


@dataclass(frozen=True, slots=True)
class Organization:
    """The two authorities of one MSP. ``domain`` names its hosts; ``validity`` is what it issues by default."""

    mspid: str
    domain: str
    ca: Authority
    tls_ca: Authority
    validity: Validity

    @classmethod
    def create(cls, mspid: str, domain: str, *, now: datetime) -> "Organization":
        """Make both authorities, valid from five minutes before ``now`` for ten years."""
        validity = Validity.running(now)
        ca = Authority.create(f"ca.{domain}", domain, validity=validity)
        tls_ca = Authority.create(f"tlsca.{domain}", domain, validity=validity)
        return cls(mspid, domain, ca, tls_ca, validity)

    def issue_peer(self, host: str, *, validity: Validity | None = None) -> IssuedMember:
        """Issue a peer, such as ``peer0``; its TLS certificate names the host, its short name and loopback."""
        name = f"{host}.{self.domain}"
        return self.issue(name, Role.PEER, hosts=(name, host, *LOOPBACK), validity=validity)

    def issue_admin(self) -> IssuedMember:
        """Issue an administrator."""
        return self.issue(f"Admin@{self.domain}", Role.ADMIN)

    def issue_client(self, user: str = "User1") -> IssuedMember:
        """Issue a client."""
        return self.issue(f"{user}@{self.domain}", Role.CLIENT)

    def issue(
        self, name: str, role: Role, *, hosts: tuple[str, ...] = (), validity: Validity | None = None
    ) -> IssuedMember:
        """Issue a member of any role.

        Args:
            name: The whole common name, at most 64 characters.
            role: Goes into the identity as its organisational unit.
            hosts: What the TLS certificate is valid for; the name itself without it.
            validity: Of the identity; the organisation's own without it. The TLS certificate has the organisation's.
        """
        identity = self.ca.issue_identity(name, validity=validity or self.validity, units=(role.value,))
        tls = self.tls_ca.issue_tls(name, validity=self.validity, hosts=hosts or (name,))
        return IssuedMember(name, role, identity, tls)
