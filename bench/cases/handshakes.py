"""Connections from nothing: TCP, TLS, Ping and, ours alone, the mutual authentication of identities."""

from collections.abc import Iterator
from statistics import median

from bench import traffic
from bench.cases.acks import trip_values
from bench.contenders import entries
from bench.contenders.entries import two_processes
from bench.figures import Figure
from bench.material import Material

CASE = "handshake"
PEERS = 1
ROUNDS = 3
AT_ONCE = (1, 8)
WARM_UP_S, MEASURE_S = 0.3, 1.0

ENTRIES = (entries.OURS, entries.OURS_UVLOOP, entries.GRPCLIB, entries.GRPC_AIO)


def measure(material: Material) -> Iterator[Figure]:
    """One round."""
    for entry in ENTRIES:
        with two_processes(entry, material) as (sender, receiver, endpoints):
            for at_once in AT_ONCE:
                sender.call(traffic.shake_hands_for, endpoints[0], WARM_UP_S, at_once)
                before_s = receiver.call(traffic.cpu_so_far)
                trips = sender.call(traffic.shake_hands_for, endpoints[0], MEASURE_S, at_once)
                receiver_s = receiver.call(traffic.cpu_so_far) - before_s
                stages = {f"{stage} ms": median(took_s) * 1e3 for stage, took_s in trips.stages.items()}
                yield Figure(CASE, f"{at_once} at once", entry.label, trip_values(trips, receiver_s) | stages)
