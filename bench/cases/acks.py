"""A message and its acknowledgement, one and several at a time."""

from collections.abc import Iterator
from statistics import median

from bench import traffic
from bench.contenders import entries
from bench.contenders.entries import two_processes
from bench.figures import Figure, percentile
from bench.material import Material

CASE = "send_with_ack"
PEERS = 1
ROUNDS = 3
AT_ONCE = (1, 8, 64)
SIZE_BYTES = 1024
WARM_UP_S, MEASURE_S = 0.2, 0.6

ENTRIES = (entries.OURS, entries.OURS_UVLOOP, entries.GRPCLIB, entries.GRPC_AIO, entries.TLS_LIMIT)


def measure(material: Material) -> Iterator[Figure]:
    """One round."""
    for entry in ENTRIES:
        with two_processes(entry, material) as (sender, receiver, _):
            sender.call(traffic.load, SIZE_BYTES, 1)
            for at_once in AT_ONCE:
                sender.call(traffic.ack_for, WARM_UP_S, at_once)
                before_s = receiver.call(traffic.cpu_so_far)
                trips = sender.call(traffic.ack_for, MEASURE_S, at_once)
                receiver_s = receiver.call(traffic.cpu_so_far) - before_s
                yield Figure(CASE, f"{at_once} at once", entry.label, trip_values(trips, receiver_s))


def trip_values(trips: traffic.Trips, receiver_cpu_s: float) -> dict[str, float]:
    """Round trips a second, how long they take, and what each cost."""
    count = len(trips.seconds)
    return {
        "per s": count / trips.took_s,
        "p50 ms": median(trips.seconds) * 1e3,
        "p99 ms": percentile(trips.seconds, 0.99) * 1e3,
        "best ms": min(trips.seconds) * 1e3,
        "sender CPU us": trips.cpu_s / count * 1e6,
        "receiver CPU us": receiver_cpu_s / count * 1e6,
    }
