"""A peer's figures in Prometheus' text format, under Fabric's names where Fabric has them."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gossip.clock import Clock
from gossip.metrics import Outcome
from gossip.node.peer import Peer
from gossip.operations.figures import Figures
from gossip.transport.gate import Offence

SENT = "gossip_comm_messages_sent"
RECEIVED = "gossip_comm_messages_received"
OVERFLOW = "gossip_comm_overflow_count"
"""Fabric's names; mirrors gossip/metrics/metrics.go, CommMetrics."""

PREFIX = "fabric_gossip_"
"""How figures are named that Fabric does not have."""

ROLES = {True: "initiator", False: "responder"}


class Exporter:
    """Renders the figures of one peer and of its process."""

    def __init__(self, figures: Figures, peer: Peer, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(PeerCollector(figures, peer, clock))
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """Everything as it is now, in the text format 0.0.4, UTF-8."""
        text = generate_latest(self._registry).decode()
        for name in (SENT, RECEIVED, OVERFLOW):
            # prometheus_client names every counter _total where it declares it; Fabric's are named without.
            text = text.replace(f" {name}_total ", f" {name} ")
        return text.encode()


class PeerCollector(Collector):
    """Reads the figures when they are asked for; nothing is kept twice."""

    def __init__(self, figures: Figures, peer: Peer, clock: Clock) -> None:
        self._figures = figures
        self._peer = peer
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Every family of metrics, with a sample for each known label, also where it is 0."""
        figures = self._figures
        yield _fabric_counter(SENT, "Number of messages sent", figures.sent)
        yield _fabric_counter(RECEIVED, "Number of messages received", figures.received)
        yield _fabric_counter(OVERFLOW, "Number of outgoing queue buffer overflows", figures.overflown)
        yield GaugeMetricFamily(f"{PREFIX}connections", "Peers connected now", figures.connected)
        yield GaugeMetricFamily(f"{PREFIX}queued_messages", "Messages in send buffers now", self._peer.comm.queued())
        identities = len(self._peer.identities.identity_info())
        yield GaugeMetricFamily(f"{PREFIX}identities", "Identities stored now, our own included", identities)
        yield self._handshakes()
        yield self._cut()
        yield self._expiry(self._clock.now())

    def _handshakes(self) -> Metric:
        family = CounterMetricFamily(f"{PREFIX}handshakes", "Handshakes that ended", labels=["role", "outcome"])
        for initiator, role in ROLES.items():
            for outcome in Outcome:
                family.add_metric([role, outcome], self._figures.handshakes[outcome, initiator])
        return family

    def _cut(self) -> Metric:
        family = CounterMetricFamily(
            f"{PREFIX}connections_cut", "Incoming connections cut off for an offence", labels=["offence"]
        )
        for offence in Offence:
            family.add_metric([offence], self._figures.cut[offence])
        return family

    def _expiry(self, now: datetime) -> Metric:
        family = GaugeMetricFamily(
            f"{PREFIX}certificate_expiry_seconds",
            "Seconds until our certificate expires, negative from then on",
            labels=["certificate"],
        )
        for certificate, ends_at in self._peer.certificate_ends().items():
            family.add_metric([certificate], (ends_at - now).total_seconds())
        return family


def _fabric_counter(name: str, documentation: str, value: int) -> Metric:
    metric = Metric(name, documentation, "counter")
    metric.add_sample(name, {}, value)
    return metric
