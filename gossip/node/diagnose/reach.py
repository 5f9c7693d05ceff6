"""The way to a peer: name, TCP, TLS, HTTP/2, Ping."""

import asyncio
import socket
from dataclasses import replace

from gossip.comm.handshake.patience import within
from gossip.errors import ConfigurationError, DialError, GossipError, UntrustedIdentityError
from gossip.msp.issuers import find_tls_issuing_mspids
from gossip.msp.tls_facts import read_tls_certificate
from gossip.node.diagnose.addresses import try_addresses
from gossip.node.diagnose.diagnosis import Stage
from gossip.node.diagnose.evidence import Evidence
from gossip.node.diagnose.second_look import look_again
from gossip.node.diagnose.stopwatch import timing
from gossip.transport.base import Channel
from gossip.transport.endpoint import format_endpoint, parse_endpoint
from gossip.transport.grpc.client import GrpcDialer
from gossip.transport.tcp.names import look_up
from gossip.transport.tls.contexts import ALPN
from gossip.transport.tls.failure import TlsFault, classify, find_alert, find_verify_code


async def reach(evidence: Evidence) -> Channel | None:
    """Go as far as Ping; everything that happens goes into ``evidence``.

    Returns:
        The connection, which the caller closes; None where it did not come about.

    Cancellation: nothing is left open.
    """
    try:
        await _resolve(evidence)
        with timing(evidence, Stage.TCP):
            await try_addresses(evidence)
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
            async with asyncio.timeout(evidence.patience_s):
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


async def _dial(evidence: Evidence) -> Channel:
    options = replace(evidence.own.settings.dial, tls=evidence.own.dial_tls)
    try:
        dialer = GrpcDialer(options)
        with timing(evidence, Stage.TLS):
            channel = await dialer.dial(evidence.endpoint)
    except DialError as error:
        evidence.tls_fault, evidence.alert = classify(error), find_alert(error)
        evidence.verify_code = find_verify_code(error)
        evidence.looked = await look_again(evidence, error)
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


async def _ping(evidence: Evidence, channel: Channel) -> None:
    await within(evidence.own.settings.dial.ping_timeout_s, channel.ping(), "Ping", channel.link.remote)


def _failed(evidence: Evidence, stage: Stage, error: GossipError) -> GossipError:
    evidence.errors[stage] = error
    return error
