"""One sender, one subscriber, as many messages as go through."""

from collections.abc import Iterator

from bench import traffic
from bench.contenders import entries
from bench.contenders.entries import Entry, two_processes
from bench.figures import Figure
from bench.material import Material
from bench.sides import Side

CASE = "stream"
PEERS = 1
ROUNDS = 3
SIZES = {"100 B": 100, "1 KiB": 1024, "64 KiB": 64 * 1024}
WARM_UP_S, MEASURE_S = 0.2, 0.8
LOADED_BYTES = 4 * 1024 * 1024

ENTRIES = (
    entries.OURS,
    entries.OURS_UVLOOP,
    entries.OURS_READ,
    entries.OURS_READ_UVLOOP,
    entries.GRPCLIB,
    entries.GRPC_AIO,
    entries.TLS_LIMIT,
)


def measure(material: Material) -> Iterator[Figure]:
    """One round."""
    for entry in ENTRIES:
        with two_processes(entry, material) as (sender, receiver, _):
            for work, size_bytes in SIZES.items():
                sender.call(traffic.load, size_bytes, min(200, LOADED_BYTES // size_bytes))
                run_traffic(sender, receiver, WARM_UP_S)
                yield as_figure(CASE, work, entry, *run_traffic(sender, receiver, MEASURE_S))


def run_traffic(sender: Side, receiver: Side, seconds: float) -> tuple[traffic.Sent, traffic.Received]:
    """Send for so long, and wait until everything arrived."""
    receiver.call(traffic.begin)
    sent = sender.call(traffic.send_for, seconds)
    return sent, receiver.call(traffic.finish, sent.deliveries - sent.dropped)


def as_figure(case: str, work: str, entry: Entry, sent: traffic.Sent, received: traffic.Received) -> Figure:
    """Deliveries a second, and what each cost."""
    if not received.count:
        raise RuntimeError(f"{entry.label}: nothing arrived")
    return Figure(
        case,
        work,
        entry.label,
        {
            "per s": received.count / (received.ended_s - sent.started_s),
            "sender CPU us": sent.cpu_s / sent.deliveries * 1e6,
            "receiver CPU us": received.cpu_s / received.count * 1e6,
            "lost %": 100 * (1 - received.count / sent.deliveries),
        },
    )
