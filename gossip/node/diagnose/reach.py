"""The way to a peer: name, TCP, TLS, HTTP/2, Ping; and a second look where TLS fails."""

import asyncio
import socket
from dataclasses import replace

from gossip.api.options import DialOptions
from gossip.comm.handshake.patience import within
from gossip.errors import ConfigurationError, DialError, GossipError, PeerSilentError, UntrustedIdentityError
from gossip.msp.issuers import find_tls_issuing_mspids
from gossip.msp.tls_facts import read_tls_certificate
from gossip.msp.tls_path import find_missing_issuer, find_other_way, trace_certification_path
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence, Looked
from gossip.node.diagnose.stopwatch import timing
from gossip.transport.base import Channel
from gossip.transport.endpoint import format_endpoint, parse_endpoint
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.tcp.names import look_up
from gossip.transport.tls.contexts import ALPN
from gossip.transport.tls.errors import describe
from gossip.transport.tls.failure import TlsFault, classify, find_alert, find_verify_code
from gossip.transport.tls.presented import look_at_server


async def reach(evidence: Evidence) -> Channel | None:
    """Go as far as Ping; everything that happens goes into ``evidence``.

    Returns:
        The connection, which the caller closes; None where it did not come about.

    Cancellation: nothing is left open.
    """
    try:
        await _resolve(evidence)
        await _connect(evidence)
        channel = await _dial(evidence)
    except GossipError:
        return None
    try:
        with timing(evidence, Stage.PING):
            await _ping(evidence, channel)
    except GossipError as error:
        evidence.errors[Stage.PING] = error
    except BaseException:
        channel.abort()
        raise
    return channel


async def _resolve(evidence: Evidence) -> None:
    endpoint = evidence.endpoint
    with timing(evidence, Stage.NAME):
        try:
            evidence.host, port = parse_endpoint(endpoint)
            async with asyncio.timeout(_patience_s(evidence)):
                found = await look_up(evidence.host, port)
        except ValueError as error:
            raise _failed(
                evidence, Stage.NAME, ConfigurationError(f"{endpoint!r} is not an endpoint: {error}")
            ) from error
        except (OSError, TimeoutError) as error:
            text = str(error.strerror or error) if isinstance(error, socket.gaierror) else "no answer in time"
            refusal = DialError(endpoint, "address", f"cannot resolve the name: {text}")
            raise _failed(evidence, Stage.NAME, refusal) from error
    evidence.addresses = tuple(dict.fromkeys(map(format_endpoint, found)))


async def _connect(evidence: Evidence) -> None:
    """Connect and hang up: whether anybody listens, apart from what they speak."""
    refused: GossipError | None = None
    with timing(evidence, Stage.TCP):
        for address in evidence.addresses:
            try:
                async with asyncio.timeout(_patience_s(evidence)):
                    host, port = parse_endpoint(address)
                    _, writer = await asyncio.open_connection(host, port)
            except TimeoutError as error:
                silent = PeerSilentError(address, waited_for="TCP connection", waited_s=_patience_s(evidence))
                silent.__cause__ = error
                refused = refused or silent
                evidence.dead.append(address)
            except OSError as error:
                unanswered = DialError(evidence.endpoint, "tcp", describe(error))
                unanswered.__cause__ = error
                refused = refused or unanswered
            else:
                writer.transport.abort()
                evidence.answered = address
                return
    assert refused is not None  # a name that was resolved has an address
    raise _failed(evidence, Stage.TCP, refused)


async def _dial(evidence: Evidence) -> Channel:
    options = replace(evidence.own.settings.dial, tls=evidence.own.dial_tls)
    try:
        dialer = GrpcDialer(options)
        with timing(evidence, Stage.TLS):
            channel = await dialer.dial(evidence.endpoint)
    except DialError as error:
        evidence.tls_fault, evidence.alert = classify(error), find_alert(error)
        evidence.verify_code = find_verify_code(error)
        evidence.looked = await _look(evidence, error)
        evidence.errors[_failed_stage(evidence, error)] = error
        raise
    except ConfigurationError as error:
        evidence.errors[Stage.TLS] = error
        raise
    evidence.took_s[Stage.HTTP2] = max(
        0.0, evidence.took_s[Stage.TLS] - channel.times.tcp_s - channel.times.tls_s - evidence.took_s[Stage.NAME]
    )
    evidence.took_s[Stage.TLS] = channel.times.tls_s
    evidence.link = channel.link
    _read_leaf(evidence)
    return channel


def _read_leaf(evidence: Evidence) -> None:
    link, registry = evidence.link, evidence.own.registry
    if link is None or link.peer_certificate is None:
        return
    try:
        evidence.leaf = read_tls_certificate(link.peer_certificate)
    except UntrustedIdentityError:
        return  # OpenSSL takes certificates that Go does not
    if registry is not None:
        evidence.tls_issuing_mspids = find_tls_issuing_mspids(registry.msps, evidence.leaf.certificate)


def _failed_stage(evidence: Evidence, error: DialError) -> Stage:
    """Where a dial failed, by what a second look showed: without TLS of ours, the peer may still have it."""
    looked = evidence.looked
    if error.stage == "tcp":
        return Stage.TCP  # it took longer than a look at each address
    if evidence.own.dial_tls is None:
        return Stage.HTTP2 if looked.leaf is None else Stage.TLS
    if evidence.tls_fault is TlsFault.CLOSED and looked.leaf is not None:
        # In TLS 1.3 we believe in a connection that the peer is about to close because of our certificate.
        return Stage.TLS if looked.alpn == ALPN else Stage.HTTP2
    return Stage.HTTP2 if error.stage == "http2" else Stage.TLS


async def _look(evidence: Evidence, error: DialError) -> Looked:
    if error.stage == "tcp" or (evidence.tls_fault is TlsFault.SILENT and error.stage != "http2"):
        return Looked()  # it would be as silent again
    if evidence.tls_fault is TlsFault.GIVEN_UP:
        return Looked()  # to read it all may take OpenSSL a minute, which no time-out ends
    if evidence.tls_fault is TlsFault.NOT_TLS:
        return Looked(speaks_plain_http2=await _speaks_plain_http2(evidence.endpoint, evidence.own.settings.dial))
    try:
        seen = await look_at_server(evidence.endpoint, _patience_s(evidence))
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


async def _speaks_plain_http2(endpoint: str, options: DialOptions) -> bool:
    try:
        channel = await GrpcDialer(replace(options, tls=None)).dial(endpoint)
    except DialError:
        return False
    channel.abort()
    return True


async def _ping(evidence: Evidence, channel: Channel) -> None:
    await within(evidence.own.settings.dial.ping_timeout_s, channel.ping(), "Ping", channel.link.remote)


def _patience_s(evidence: Evidence) -> float:
    return evidence.own.settings.dial.dial_timeout_s


def _failed(evidence: Evidence, stage: Stage, error: GossipError) -> GossipError:
    evidence.errors[stage] = error
    return error
