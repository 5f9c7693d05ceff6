"""Looks at what a server presents, on connections of their own: where TLS failed, and whether it is always the same."""

import asyncio
from dataclasses import replace

from gossip.api.options import DialOptions
from gossip.errors import DialError, UntrustedIdentityError
from gossip.msp.tls_facts import read_tls_certificate
from gossip.msp.tls_path import find_missing_issuer, find_other_way, trace_certification_path
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence, Looked, Seen
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.tls.failure import TlsFault
from gossip.transport.tls.presented import look_at_server

LOOKS = 3
"""How often one address is looked at: of two peers that answer by chance, both are seen seven times in eight."""


async def look_again(evidence: Evidence, error: DialError) -> Looked:
    """What there is to see after a dial has failed.

    Cancellation: the connection is cut.
    """
    if error.stage == "tcp" or (evidence.tls_fault is TlsFault.SILENT and error.stage != "http2"):
        return Looked()  # it would be as silent again
    if evidence.tls_fault is TlsFault.GIVEN_UP:
        return Looked()  # to read it all may take OpenSSL a minute, which no time-out ends
    if evidence.tls_fault is TlsFault.NOT_TLS:
        return Looked(speaks_plain_http2=await _speaks_plain_http2(evidence.endpoint, evidence.own.settings.dial))
    try:
        seen = await look_at_server(evidence.endpoint, evidence.patience_s)
    except DialError:
        return Looked()
    trusted = evidence.own.tls_cas
    try:
        certification_path = trace_certification_path(seen.chain, trusted)
        missing, other_way = find_missing_issuer(seen.chain, trusted), find_other_way(seen.chain, trusted)
    except UntrustedIdentityError as refusal:
        return Looked(unreadable=str(refusal), presented=len(seen.chain))
    return Looked(
        leaf=read_tls_certificate(seen.chain[0]),
        presented=len(seen.chain),
        certification_path=certification_path,
        missing_issuer=missing,
        other_way=other_way,
        alpn=seen.alpn,
    )


async def look_around(evidence: Evidence) -> None:
    """See who presents what at each address that answers, or at the only one each time; it goes into ``evidence``.

    Without a name for the server to choose by, an address is compared with addresses alone.

    Cancellation: the connections are cut.
    """
    if evidence.own.dial_tls is None or Stage.TLS not in evidence.took_s:
        return
    if evidence.tls_fault is TlsFault.GIVEN_UP:
        return  # as above
    places = evidence.answered
    if len(places) == 1:
        if evidence.tls_fault in {TlsFault.SILENT, TlsFault.NOT_TLS}:
            return
        places = (evidence.endpoint,) * LOOKS
    evidence.seen = tuple(await asyncio.gather(*(_look_at(place, evidence.patience_s) for place in places)))


async def _look_at(place: str, patience_s: float) -> Seen:
    try:
        presented = await look_at_server(place, patience_s)
        return Seen(place, read_tls_certificate(presented.chain[0]))
    except DialError as error:
        return Seen(place, None, is_silent=isinstance(error.__cause__, TimeoutError))
    except UntrustedIdentityError:
        return Seen(place, None)


async def _speaks_plain_http2(endpoint: str, options: DialOptions) -> bool:
    try:
        channel = await GrpcDialer(replace(options, tls=None)).dial(endpoint)
    except DialError:
        return False
    channel.abort()
    return True
