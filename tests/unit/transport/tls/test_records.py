"""Where records end, however they are cut on their way."""

from itertools import pairwise
from random import Random

import pytest

from gossip.transport.tls.records import Records

BYTES_AT_ONCE = 8 * 16406
MAX_RECORD_BYTES = 16 * 1024 + 512
RECORDS_AT_ONCE = 16
SILENT_BYTES = 256


def records(*sizes: int) -> bytes:
    """Records of application data with so many bytes each."""
    return b"".join(b"\x17\x03\x03" + size.to_bytes(2) + bytes(size) for size in sizes)


def pieces(scan: Records, data: bytes) -> list[tuple[int, int]]:
    """How long each piece is, and how many records have ended with it."""
    found, start = [], 0
    while start < len(data):
        end = scan.piece(memoryview(data), start)
        found.append((end - start, scan.unread))
        start = end
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (records(10), [(15, 1)]),
        (records(0), [(5, 1)]),
        (records(10)[:14], [(14, 0)]),
        (records(10)[:4], [(4, 0)]),
        (records(10, 0, 20), [(45, 3)]),
        (records(10, 20)[:-1], [(39, 1)]),
        (records(*[1] * 40), [(16 * 6, 16), (16 * 6, 32), (8 * 6, 40)]),
        (records(*[16384] * 9), [(BYTES_AT_ONCE, 8), (9 * 16389 - BYTES_AT_ONCE, 9)]),
    ],
)
def test_a_piece_ends_after_16_records_or_8_full_ones(data: bytes, expected: list[tuple[int, int]]) -> None:
    assert pieces(Records(), data) == expected


def test_every_record_is_counted_once_wherever_the_network_cuts() -> None:
    random = Random(7)
    for _ in range(200):
        sizes = [random.choice((0, 1, 22, 300, 16384)) for _ in range(50)]
        data = records(*sizes)
        cuts = sorted({0, len(data), *(random.randrange(len(data)) for _ in range(random.randrange(60)))})
        scan = Records()
        lengths = [length for a, b in pairwise(cuts) for length, _ in pieces(scan, data[a:b])]
        assert sum(lengths) == len(data)
        assert max(lengths) <= BYTES_AT_ONCE
        assert scan.unread == len(sizes)


def test_what_is_openly_no_data_ends_a_piece_wherever_the_network_cuts() -> None:
    handshake, alert = b"\x16\x03\x03\x00\x04abcd", b"\x15\x03\x03\x00\x02ab"
    data = records(10, 10) + handshake + handshake + records(10) + alert + records(10)
    ends = [15 * 2 + 9, 9, 15 + 7, 15]
    assert [length for length, _ in pieces(Records(), data)] == ends
    for cut in range(1, len(data)):
        scan = Records()
        lengths = [length for part in (data[:cut], data[cut:]) for length, _ in pieces(scan, part)]
        reached = {sum(lengths[: count + 1]) for count in range(len(lengths))}
        assert {sum(ends[: count + 1]) for count in range(len(ends))} <= reached


def test_a_piece_ends_before_a_record_that_is_not_within() -> None:
    data = memoryview(records(10, 10, 90, 10, 2000, 10))
    scan, ends = Records(), [0]
    while ends[-1] < len(data):
        ends.append(scan.piece(data, ends[-1], within=100))
    assert [b - a for a, b in pairwise(ends)] == [15 + 15, 95, 15, 2005, 15]
    assert scan.unread == 6


def test_no_piece_has_more_records_than_may_be_taken_at_once() -> None:
    scan = Records()
    counts = [count for _, count in pieces(scan, records(*[22] * 1000))]
    assert max(b - a for a, b in pairwise([0, *counts])) == RECORDS_AT_ONCE


def test_records_with_data_are_not_empty_wherever_they_are_cut() -> None:
    scan = Records()
    data = records(*[16384 + 22] * 40)
    for start in range(0, len(data), 5000):
        read_before = start // (16384 + 27)
        pieces(scan, data[start : start + 5000])
        for _ in range(scan.unread if (start + 5000) // (16384 + 27) > read_before else 0):
            scan.were_read(1, 16384)
        assert scan.count_empty() == 0


def test_records_full_of_what_only_openssl_reads_count_as_many() -> None:
    scan = Records()
    pieces(scan, records(16384, 16384))
    assert scan.count_empty() == 2 + (2 * 16389 - MAX_RECORD_BYTES) // SILENT_BYTES
    pieces(scan, records(16384))
    assert scan.count_empty() == 1 + 16389 // SILENT_BYTES
    scan.stand()
    pieces(scan, records(16384))
    assert scan.count_empty() == 1


def test_what_one_record_held_makes_up_for_no_more_than_itself() -> None:
    scan = Records()
    pieces(scan, records(16384, 1 + 22, 16384))
    scan.were_read(1, 1)
    assert scan.count_empty() == 2 + (2 * 16389 + 28 - 65 - MAX_RECORD_BYTES) // SILENT_BYTES


def test_honest_records_do_not_make_up_for_others() -> None:
    scan = Records()
    for _ in range(1000):
        pieces(scan, records(100 + 22))
        scan.were_read(1, 100)
        assert scan.count_empty() == 0
    pieces(scan, records(16384, 16384))
    assert scan.count_empty() > 60


def test_an_alert_that_is_the_end_is_no_part_of_a_piece_but_for_a_header_that_came_in_parts() -> None:
    alert = b"\x15\x03\x03\x00\x02ab"
    data = records(10, 10) + alert + records(10)
    for cut in range(31, 31 + len(alert)):
        scan = Records()
        scan.stand(ends_at_alert=True)
        first = scan.piece(memoryview(data[:cut]), 0)
        has_seen_header = cut >= 35
        assert (first, scan.is_over) == (30 if has_seen_header else cut, has_seen_header)
        if not has_seen_header:
            assert (scan.piece(memoryview(data), cut), scan.is_over) == (35, True)
        assert scan.unread == 2
