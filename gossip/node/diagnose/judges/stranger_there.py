"""Judges why no MSP of the peer takes us: it lacks ours, has an old copy of it, or one that is broken."""

from gossip.msp.tls_facts import find_issuer_key_id
from gossip.node.diagnose.diagnosis import Blame, Cause, Side
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.judges.certificate import shown_key_id
from gossip.node.diagnose.own_side import OwnSide

_NO_CHAIN = "supplied identity is not valid"
"""Fabric's, of an identity that an MSP has no chain for; what comes behind says why."""

_UNKNOWN = "unknown authority"
MAX_NAME_LENGTH = 100
_OUR_ISSUER = "but its issuer "
"""What a peer of this package knows of whoever issued us stands behind, and ends with ``of`` and an MSP-ID."""


def explain_no_msp(evidence: Evidence, reason: str) -> Blame:
    """By the words of the peer, and by what we know of our own certificate; the likeliest first."""
    own = evidence.own
    mspid = own.settings.mspid
    others = [other for other in own.issuing_mspids if other != mspid]
    issuer_s = _named_there(reason) or (others[0] if others else None)
    wrong_name = Cause(
        "wrong-mspid",
        f"we claim {mspid}, and the certificate in {own.settings.msp_dir} is from a CA of "
        f"{issuer_s or 'another organisation'}: {_what_is_wrong(mspid, issuer_s)}",
        f"{own.where('peer.localMspId', '--mspid')}, and {own.where('peer.mspConfigPath', '--msp-dir')}",
    )
    unknown = Cause(
        "organization-unknown-to-them",
        f"the peer has no MSP of {mspid}: our organisation is in none of its channels, or it has not joined them yet",
        "the channels that both have joined, and their configuration",
    )
    old_copy = Cause(
        "ca-unknown-to-them",
        f"their copy of {mspid} does not have {issuer_of(own)}, which issued us, or has one of that name with another "
        "key: the channel's configuration is old",
        their_copy(mspid),
    )
    if _OUR_ISSUER in reason:
        return Side.OURS, (wrong_name, unknown)
    if "no MSP of that name" in reason:
        return (Side.OURS, (wrong_name, unknown)) if others else (Side.THEIRS, (unknown, wrong_name))
    if _NO_CHAIN in reason and _UNKNOWN not in reason:
        return _broken_chain(own)
    if others:
        return Side.OURS, (wrong_name, unknown, old_copy)
    if _UNKNOWN in reason:
        return Side.THEIRS, (old_copy, wrong_name)
    return Side.THEIRS, (unknown, old_copy, wrong_name)


def _named_there(reason: str) -> str:
    """The MSP-ID of whoever issued us, by the words of the peer; empty where it does not say."""
    _, _, said = reason.partition(_OUR_ISSUER)
    return said.rpartition(" of ")[2].partition(" ")[0][:MAX_NAME_LENGTH]


def _what_is_wrong(mspid: str, issuer_s: str | None) -> str:
    meant = mspid.partition("#")[0].strip("\"' \t\r\n")
    if issuer_s is not None and issuer_s.casefold() == meant.casefold():
        return "an MSP-ID is that to the letter: no other case, and no quotes, blanks or comments around it"
    return "one of the two is not ours"


def issuer_of(own: OwnSide) -> str:
    """The CA that issued our identity, for texts."""
    certificate = own.certificate
    if certificate is None:
        return "the CA"
    return f"{certificate.issuer}{shown_key_id(find_issuer_key_id(certificate))}"


def _broken_chain(own: OwnSide) -> Blame:
    """They have our MSP and in it the CA that issued us."""
    mspid = own.settings.mspid
    if own.verdict is not None and not own.verdict.ok:
        text = "the chain above our certificate does not hold with them, and not in our own MSP either"
        return Side.OURS, (Cause("broken-chain", text, str(own.settings.msp_dir)),)
    text = (
        f"their copy of {mspid} has {issuer_of(own)}, which issued us, but the chain from us to its root holds in our "
        "MSP alone: a CA there was issued with other limits or dates, as the reason says; the channel's configuration "
        "must have the CAs that we have"
    )
    return Side.THEIRS, (Cause("broken-chain", text, their_copy(mspid)),)


def their_copy(mspid: str) -> str:
    """Where the peer has our MSP from, for texts."""
    return f"cacerts and intermediatecerts of {mspid} in the channel's configuration"
