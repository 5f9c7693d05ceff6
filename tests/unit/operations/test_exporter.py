"""Figures under the names that dashboards know."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gossip.metrics import Metrics, Outcome
from gossip.node.peer import Peer, open_peer
from gossip.node.settings import PeerSettings
from gossip.operations.exporter import Exporter
from gossip.operations.figures import Figures
from gossip.operations.health import judge_health
from gossip.types import PkiId
from tests.support.bounded import run_bounded
from tests.support.fake_clock import FakeClock
from tests.support.organizations import organization, peer_folder

_figures: Metrics = Figures()


def with_peer(test: Callable[[Peer], None], figures: Figures | None = None) -> None:
    """Run a test with a peer without TLS that knows nobody."""

    async def main() -> None:
        settings = PeerSettings("Org1MSP", peer_folder(1) / "msp")
        async with open_peer(settings, metrics=figures) as peer:
            test(peer)

    run_bounded(main)


def rendered(figures: Figures, at: datetime | None = None) -> list[str]:
    """The lines about gossip."""
    lines: list[str] = []
    clock = FakeClock(at or datetime.now(UTC))
    with_peer(lambda peer: lines.extend(Exporter(figures, peer, clock).render().decode().splitlines()))
    return [line for line in lines if "gossip_" in line]


def test_fabrics_three_have_exactly_fabrics_names_and_type() -> None:
    figures = Figures()
    figures.messages_sent(3)
    figures.messages_sent(4)
    figures.messages_received(5)
    figures.overflow(PkiId(b"somebody"))

    lines = [line for line in rendered(figures) if "gossip_comm" in line]

    assert lines == [
        "# HELP gossip_comm_messages_sent Number of messages sent",
        "# TYPE gossip_comm_messages_sent counter",
        "gossip_comm_messages_sent 7.0",
        "# HELP gossip_comm_messages_received Number of messages received",
        "# TYPE gossip_comm_messages_received counter",
        "gossip_comm_messages_received 5.0",
        "# HELP gossip_comm_overflow_count Number of outgoing queue buffer overflows",
        "# TYPE gossip_comm_overflow_count counter",
        "gossip_comm_overflow_count 1.0",
    ]


def test_our_own_have_a_prefix_of_their_own() -> None:
    figures = Figures()
    figures.connections(2)
    figures.handshake(Outcome.REFUSED, initiator=False)
    figures.handshake(Outcome.ACCEPTED, initiator=True)
    figures.handshake(Outcome.ACCEPTED, initiator=True)
    figures.connection_cut("flood")

    lines = rendered(figures)

    assert "fabric_gossip_connections 2.0" in lines
    assert "fabric_gossip_queued_messages 0.0" in lines
    assert "fabric_gossip_identities 1.0" in lines
    assert 'fabric_gossip_handshakes_total{outcome="refused",role="responder"} 1.0' in lines
    assert 'fabric_gossip_handshakes_total{outcome="accepted",role="initiator"} 2.0' in lines
    assert 'fabric_gossip_handshakes_total{outcome="accepted",role="responder"} 0.0' in lines
    assert 'fabric_gossip_connections_cut_total{offence="flood"} 1.0' in lines
    assert 'fabric_gossip_connections_cut_total{offence="slow"} 0.0' in lines


def test_the_time_to_expiry_is_told_and_turns_negative() -> None:
    end = organization(1).validity.not_after_at

    def line(left_s: str) -> str:
        return f'fabric_gossip_certificate_expiry_seconds{{certificate="identity"}} {left_s}'

    assert line("90.0") in rendered(Figures(), end - timedelta(seconds=90))
    assert line("-1.0") in rendered(Figures(), end + timedelta(seconds=1))


def test_the_process_is_told_of_too() -> None:
    def test(peer: Peer) -> None:
        assert b"process_open_fds" in Exporter(Figures(), peer, FakeClock()).render()

    with_peer(test)


def test_a_peer_with_certificates_that_hold_is_healthy() -> None:
    now = datetime(2026, 12, 1, 10, tzinfo=UTC)

    with_peer(lambda peer: check(peer, now, (True, b'{"status": "OK", "time": "2026-12-01T10:00:00+00:00"}')))


def test_a_peer_whose_certificate_ended_is_not() -> None:
    end = organization(1).validity.not_after_at
    now = end + timedelta(seconds=1)
    wanted = (
        f'{{"status": "Service Unavailable", "time": "{now.isoformat()}", "failed_checks": [{{"component": "identity", '
        f'"reason": "our certificate expired at {end.isoformat()}"}}]}}'
    )

    with_peer(lambda peer: check(peer, now, (False, wanted.encode())))


def test_every_metric_is_documented_with_its_type_and_labels() -> None:
    documented = {}
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    for line in page.partition("## Metrics")[2].splitlines():
        if line.startswith("| `"):
            name, kind, labels, _ = (cell.strip() for cell in line.strip("|").split("|"))
            documented[name.strip("`")] = (kind, {label for label in labels.replace("`", "").split(", ") if label})

    lines = rendered(Figures())

    kinds = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE")}
    assert {name: kind for name, (kind, _) in documented.items()} == kinds
    for line in lines:
        if not line.startswith("#"):
            name, _, labels = line.partition(" ")[0].partition("{")
            assert set(re.findall(r'(\w+)="', labels)) == documented[name][1], name


def check(peer: Peer, now: datetime, wanted: tuple[bool, bytes]) -> None:
    """Compare the verdict on a peer's health."""
    assert judge_health(peer, now) == wanted
