"""Our short way for DATA beside h2's own, and every private member of h2 that it touches."""

import random
from dataclasses import replace

import pytest
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RemoteSettingsChanged
from h2.exceptions import FlowControlError, NoSuchStreamError, ProtocolError, TooManyStreamsError
from h2.settings import SettingCodes
from h2.stream import H2Stream
from hpack import Encoder
from hyperframe.frame import DataFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

from gossip.transport.http2.connection import Http2Connection, http2_configuration
from gossip.transport.http2.frame import (
    END_STREAM,
    FRAME_HEADER,
    FRAME_HEADER_BYTES,
    HEADERS,
    RECORD_DATA_BYTES,
    SETTINGS_ACK,
    WINDOW_BYTES,
)
from gossip.transport.http2.header_compression import RememberingDecoder, SelfContainedEncoder
from gossip.transport.limits import ConnectionLimits
from tests.support.raw_http2 import PREFACE

REQUEST = [(b":method", b"POST"), (b":path", b"/"), (b":scheme", b"https"), (b":authority", b"here")]
LIMITS = ConnectionLimits()
LEAST_FRAME_BYTES = 16_384


def plain(*, client_side: bool) -> H2Connection:
    return H2Connection(http2_configuration(client_side=client_side))


def ours(*, client_side: bool, limits: ConnectionLimits = LIMITS) -> Http2Connection:
    return Http2Connection(http2_configuration(client_side=client_side), limits)


def connect(client: H2Connection, server: H2Connection) -> None:
    """Exchange SETTINGS, and open streams 1 and 3."""
    client.initiate_connection()
    server.initiate_connection()
    for stream_id in (1, 3):
        client.send_headers(stream_id, REQUEST)
    exchange(client, server)


def exchange(one: H2Connection, other: H2Connection) -> None:
    while (data := one.data_to_send()) or other._data_to_send:
        other.receive_data(data)
        one.receive_data(other.data_to_send())


def windows(connection: H2Connection, stream_id: int) -> tuple[int, ...]:
    stream = connection.streams[stream_id]
    managers = (connection._inbound_flow_control_window_manager, stream._inbound_window_manager)
    return (
        connection.outbound_flow_control_window,
        stream.outbound_flow_control_window,
        *(manager.current_window_size for manager in managers),
        *(manager.max_window_size for manager in managers),
        *(manager._bytes_processed for manager in managers),
    )


def receive_data(connection: Http2Connection, wire: bytes) -> None:
    """Take frames as the protocol does: DATA past h2."""
    while wire:
        word, _, stream_id = FRAME_HEADER.unpack_from(wire)
        end = FRAME_HEADER_BYTES + (word >> 8)
        stream = connection.receives_data(stream_id) if word & 0xFF == 0 else None
        if stream is None:
            connection.receive_data(wire[:end])
        else:
            connection.count_received(stream, end - FRAME_HEADER_BYTES)
        wire = wire[end:]


@pytest.mark.parametrize("seed", range(20))
def test_windows_are_those_of_h2_after_any_traffic(seed: int) -> None:
    """One pair of ours and one of h2's do the same; what they send and where their windows stand is the same."""
    choose = random.Random(seed)
    our_client, our_server = ours(client_side=True), ours(client_side=False)
    h2_client, h2_server = plain(client_side=True), plain(client_side=False)
    connect(our_client, our_server)
    connect(h2_client, h2_server)
    our_client.max_outbound_frame_size = LEAST_FRAME_BYTES  # as h2's server has it
    for _ in range(300):
        stream_id = choose.choice((1, 3))
        stream = our_client.streams[stream_id]
        assert our_client.sendable_bytes(stream) == h2_client.local_flow_control_window(stream_id)
        size = choose.randrange(0, 20_000)
        body = bytes(min(size, our_client.sendable_bytes(stream)))
        if body:
            wire = b"".join(our_client.frame_data(stream, memoryview(body)))
            for start in range(0, len(body), RECORD_DATA_BYTES):
                h2_client.send_data(stream_id, body[start : start + RECORD_DATA_BYTES])
            assert wire == h2_client.data_to_send()
            receive_data(our_server, wire)
            h2_server.receive_data(wire)
        if choose.random() < 0.7:
            for server in (our_server, h2_server):
                server.acknowledge_received_data(len(body), stream_id)
        returned = our_server.data_to_send()
        assert returned == h2_server.data_to_send()
        our_client.receive_data(returned)
        h2_client.receive_data(returned)
        for number in (1, 3):
            assert windows(our_client, number) == windows(h2_client, number)
            assert windows(our_server, number) == windows(h2_server, number)


@pytest.mark.parametrize("of_stream", [True, False])
def test_more_than_the_window_is_a_flow_control_error(of_stream: bool) -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    if of_stream:
        server.increment_flow_control_window(1000)
    stream = server.streams[1]
    server.count_received(stream, WINDOW_BYTES)
    with pytest.raises(FlowControlError):
        server.count_received(stream, 1)


@pytest.mark.parametrize(
    ("allowed", "records"),
    [(16_384, 1), (32_768 - 10, 1), (32_768 - 9, 2), (49_152, 3), (65_536, 4), (2**24 - 1, 4)],
)
def test_frames_are_as_many_whole_records_as_the_peer_allows(allowed: int, records: int) -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.max_outbound_frame_size = allowed
    body = bytes(range(250)) * 262
    frames = client.frame_data(client.streams[1], memoryview(body))
    assert {len(frame) for frame in frames[:-1]} == ({records * 16_384} if records < 4 else set())
    assert all(len(frame) - FRAME_HEADER_BYTES <= allowed for frame in frames)
    assert b"".join(frame[FRAME_HEADER_BYTES:] for frame in frames) == body


@pytest.mark.parametrize("client_side", [True, False])
def test_what_differs_from_http2s_own_settings_is_announced_and_nothing_else(client_side: bool) -> None:
    connection, peer = ours(client_side=client_side), plain(client_side=not client_side)
    connection.initiate_connection()
    (changed,) = peer.receive_data(connection.data_to_send())
    assert isinstance(changed, RemoteSettingsChanged)
    announced = {code: setting.new_value for code, setting in changed.changed_settings.items()}
    assert announced == {
        SettingCodes.MAX_CONCURRENT_STREAMS: 16,
        SettingCodes.MAX_FRAME_SIZE: 65_536,
        SettingCodes.MAX_HEADER_LIST_SIZE: LIMITS.max_header_bytes,
    } | ({SettingCodes.ENABLE_PUSH: 0} if client_side else {})


def test_both_sides_allow_four_records() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    assert client.max_outbound_frame_size == server.max_outbound_frame_size == 65_536


def test_what_h2_has_to_send_goes_first() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.ping(b"12345678")
    (frame,) = client.frame_data(client.streams[1], memoryview(b"x"))
    assert frame.endswith(DataFrame(1, data=b"x").serialize())
    assert b"12345678" in frame
    assert client.data_to_send() == b""


def test_widening_lets_more_in_and_is_done_once() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    server.widen_window(1, LIMITS.window_bytes)
    server.widen_window(1, LIMITS.window_bytes)
    exchange(client, server)
    assert client.local_flow_control_window(1) == LIMITS.window_bytes
    assert client.local_flow_control_window(3) == WINDOW_BYTES
    assert client.outbound_flow_control_window == 2 * LIMITS.window_bytes


def test_stream_that_says_how_long_it_is_stays_with_h2() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    client.initiate_connection()
    server.initiate_connection()
    client.send_headers(1, [*REQUEST, (b"content-length", b"5")])
    exchange(client, server)
    assert server.receives_data(1) is None
    client.send_data(1, b"12345")
    events = server.receive_data(client.data_to_send())
    assert any(isinstance(event, DataReceived) for event in events)


def test_streams_take_data_only_while_they_are_open() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    assert isinstance(server.receives_data(1), H2Stream)
    assert server.receives_data(5) is None
    client.end_stream(1)
    client.reset_stream(3)
    exchange(client, server)
    assert server.receives_data(1) is None
    assert server.receives_data(3) is None


@pytest.mark.parametrize("end_stream", [False, True])
def test_a_short_message_is_sent_as_h2_sends_it(end_stream: bool) -> None:
    client, as_h2 = ours(client_side=True), ours(client_side=True)
    for each in (client, as_h2):
        connect(each, ours(client_side=False))
    client.send_short(client.streams[1], b"message", end_stream=end_stream)
    as_h2.send_data(1, b"message", end_stream=end_stream)
    assert client.data_to_send() == as_h2.data_to_send() != b""
    assert windows(client, 1) == windows(as_h2, 1)
    assert client.streams[1].state_machine.state is as_h2.streams[1].state_machine.state


def test_a_stream_ends_once() -> None:
    client = ours(client_side=True)
    connect(client, ours(client_side=False))
    client.send_short(client.streams[1], b"", end_stream=True)
    with pytest.raises(ProtocolError):
        client.send_short(client.streams[1], b"", end_stream=True)


@pytest.mark.parametrize("has_ended", [False, True])
def test_the_end_of_a_request_is_taken_as_h2_takes_it(has_ended: bool) -> None:
    client, server, as_h2 = ours(client_side=True), ours(client_side=False), ours(client_side=False)
    for each in (server, as_h2):
        connect(ours(client_side=True), each)
        if has_ended:
            each.end_stream(1)
    connect(client, ours(client_side=False))
    client.send_data(1, b"message", end_stream=True)
    assert server.take_end(1, 7)
    as_h2.receive_data(client.data_to_send())
    assert windows(server, 1) == windows(as_h2, 1)
    assert server.streams[1].state_machine.state is as_h2.streams[1].state_machine.state
    assert not server.take_end(1, 0), "it has ended"


def test_the_end_of_a_request_is_not_taken_where_h2_has_to_look() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    assert not client.take_end(1, 0), "an answer does not end with DATA"
    assert not server.take_end(5, 0), "there is no such stream"
    server.take_end(1, WINDOW_BYTES)
    with pytest.raises(FlowControlError):
        server.take_end(3, 1)


def test_a_reset_is_taken_where_the_stream_was_there_and_is_closed() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.reset_stream(1)
    exchange(client, server)
    server.forget_closed_streams()
    assert (1 in client.streams, 1 in server.streams) == (True, False)
    for each in (client, server):
        assert [number for number in (0, 1, 3) if each.take_reset(number)] == [1]
        for number in (2, 5):
            with pytest.raises(NoSuchStreamError):
                each.take_reset(number)


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_what_comes_on_a_stream_that_we_reset_is_not_answered_but_given_back(is_forgotten: bool) -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    server.reset_stream(1)
    server.data_to_send()
    if is_forgotten:
        server.forget_closed_streams()
    for _ in range(3):
        client.send_data(1, bytes(LEAST_FRAME_BYTES))
    server.receive_data(client.data_to_send())
    assert server.data_to_send() == WindowUpdateFrame(0, window_increment=2 * LEAST_FRAME_BYTES).serialize()


def test_what_comes_after_the_end_of_a_stream_is_reset_once() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.send_data(1, b"", end_stream=True)
    server.receive_data(client.data_to_send())
    late = DataFrame(1, data=b"late").serialize()
    server.receive_data(late)
    assert server.data_to_send() == RstStreamFrame(1, error_code=ErrorCodes.STREAM_CLOSED).serialize()
    server.receive_data(late)
    assert server.data_to_send() == b""


def test_closed_streams_are_forgotten_and_their_number_remembered_is_small() -> None:
    assert Http2Connection.MAX_CLOSED_STREAMS <= 1024, "h2 remembers 65,536"
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.reset_stream(1)
    exchange(client, server)
    server.forget_closed_streams()
    assert set(server.streams) == {3}
    for stream_id in range(5, 4101, 2):
        client.send_headers(stream_id, REQUEST, end_stream=True)
        client.reset_stream(stream_id)
        server.receive_data(client.data_to_send())
    server.forget_closed_streams()
    assert len(server._closed_streams) == 1024


def test_a_window_is_as_wide_as_was_asked_for_also_while_something_is_outstanding() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.send_data(1, bytes(100))
    receive_data(server, client.data_to_send())
    server.widen_window(1, LIMITS.window_bytes)
    *_, connection_bytes, stream_bytes, _, _ = windows(server, 1)
    assert (connection_bytes, stream_bytes) == (2 * LIMITS.window_bytes, LIMITS.window_bytes)


def test_a_message_is_let_through_by_as_much_as_its_window_lacks() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    stream = server.streams[1]
    for missing_bytes in (WINDOW_BYTES - 1, WINDOW_BYTES):
        server.admit_unfinished(stream, missing_bytes, WINDOW_BYTES)
        assert server.data_to_send() == b"", "there is room for it"
    server.admit_unfinished(stream, WINDOW_BYTES + 7, WINDOW_BYTES)
    assert server.data_to_send() == WindowUpdateFrame(1, window_increment=7).serialize()


def test_the_connection_has_room_for_the_longest_message_once_and_what_was_taken_is_given_back_first() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    client.send_data(1, bytes(100))
    receive_data(server, client.data_to_send())
    server.acknowledge_received_data(60, 1)
    assert server.data_to_send() == b"", "h2 keeps it"
    stream = server.streams[1]
    server.admit_unfinished(stream, 10, WINDOW_BYTES + 7)
    given_back, more = (WindowUpdateFrame(0, window_increment=increment) for increment in (60, 7))
    assert server.data_to_send() == given_back.serialize() + more.serialize()
    server.admit_unfinished(stream, 10, WINDOW_BYTES + 7)
    assert server.data_to_send() == b""
    server.acknowledge_received_data(40, 1)
    server.admit_unfinished(stream, 10, WINDOW_BYTES + 7)
    assert server.data_to_send() == WindowUpdateFrame(0, window_increment=40).serialize()
    assert windows(server, 1)[2] == WINDOW_BYTES + 7


def test_settings_say_what_we_take() -> None:
    limits = replace(LIMITS, max_streams=7, max_header_bytes=5000)
    client, server = ours(client_side=True, limits=limits), ours(client_side=False, limits=limits)
    connect(client, server)
    for peer in (client.remote_settings, server.remote_settings):
        assert (peer.max_concurrent_streams, peer.max_header_list_size) == (7, 5000)
    assert server.remote_settings.enable_push == 0


ANSWER = ((b":status", b"200"), (b"content-type", b"application/grpc"))
END = ((b"grpc-status", b"0"),)
END_FIELDS = list(END)


def state(connection: H2Connection) -> tuple[object, ...]:
    """All that decides what may come or go next."""
    machines = {number: stream.state_machine for number, stream in connection.streams.items()}
    flags = (
        "state",
        "client",
        "headers_sent",
        "headers_received",
        "trailers_sent",
        "trailers_received",
        "stream_closed_by",
    )
    return (
        connection.state_machine.state,
        connection.highest_inbound_stream_id,
        connection.highest_outbound_stream_id,
        connection.decoder.header_table_size,
        {number: tuple(getattr(machine, flag) for flag in flags) for number, machine in machines.items()},
    )


class Pair:
    """A client and a server, whose header blocks go past h2 where that is open to them, or not at all."""

    def __init__(self, *, short_way: bool) -> None:
        self.client, self.server = ours(client_side=True), ours(client_side=False)
        self.taken = 0
        self._short_way = short_way
        self.client.initiate_connection()
        self.server.initiate_connection()
        self.server.receive_data(PREFACE)
        self.deliver()

    def say(self, stream_id: int, step: int) -> None:
        """The next thing on a stream: its request, its answer, the end of it, and the client's own end."""
        if step == 3:
            self.client.end_stream(stream_id)
            return
        side = self.server if step else self.client
        fields = (tuple(REQUEST), ANSWER, END)[step]
        if self._short_way:
            side.send_block(stream_id, fields, end_stream=step == 2)
        else:
            side.send_headers(stream_id, fields, end_stream=step == 2)

    def deliver(self) -> list[bytes]:
        """Let everything that waits arrive; returns it."""
        sent = [self.client.data_to_send(), self.server.data_to_send()]
        self._arrive(self.server, sent[0].removeprefix(PREFACE))
        self._arrive(self.client, sent[1])
        for side in (self.client, self.server):
            side.forget_closed_streams()
        return sent

    def state(self) -> list[object]:
        return [state(side) for side in (self.client, self.server)]

    def _arrive(self, receiver: Http2Connection, wire: bytes) -> None:
        while wire:
            word, flags, stream_id = FRAME_HEADER.unpack_from(wire)
            end = FRAME_HEADER_BYTES + (word >> 8)
            block = wire[FRAME_HEADER_BYTES:end] if self._short_way and word & 0xFF == HEADERS else b""
            if receiver.take_block(stream_id, block, end_stream=bool(flags & END_STREAM)):
                self.taken += 1
            else:
                receiver.receive_data(wire[:end])
            wire = wire[end:]


@pytest.mark.parametrize("seed", range(20))
def test_header_blocks_that_go_past_h2_leave_it_as_its_own_way_does(seed: int) -> None:
    """Two pairs do the same, one of them by ``send_block`` and ``take_block``; bytes and states are the same."""
    choose = random.Random(seed)
    short, long = Pair(short_way=True), Pair(short_way=False)
    steps: dict[int, int] = {}
    newest = -1
    for _ in range(300):
        if not steps or (len(steps) < LIMITS.max_streams and choose.random() < 0.4):
            newest += 2
            steps[newest] = 0
            number = newest
        else:
            number = choose.choice(list(steps))
        step = steps[number]
        steps[number] += 1
        if step == 3:
            del steps[number]
        short.say(number, step)
        long.say(number, step)
        assert short.deliver() == long.deliver()
        assert short.state() == long.state()
    assert short.taken > 50
    assert not long.taken


def test_short_way_opens_no_more_streams_than_the_peer_allows() -> None:
    client, server = ours(client_side=True), ours(client_side=False, limits=replace(LIMITS, max_streams=2))
    connect(client, server)
    with pytest.raises(TooManyStreamsError, match="2 streams are open"):
        client.send_block(5, tuple(REQUEST))
    assert set(client.streams) == {1, 3}


@pytest.mark.parametrize(
    ("stream_id", "fields", "end_stream", "why"),
    [
        (2, REQUEST, False, "a server's number"),
        (5, REQUEST, False, "a number that was passed over"),
        (1, END_FIELDS, True, "a client's trailers"),
        (7, [*REQUEST, (b"content-length", b"5")], False, "a length to be kept"),
    ],
)
def test_request_that_is_not_plain_is_left_to_h2(
    stream_id: int, fields: list[tuple[bytes, bytes]], end_stream: bool, why: str
) -> None:
    client, server = ours(client_side=True), ours(client_side=False, limits=replace(LIMITS, max_streams=10))
    connect(client, server)
    if why == "a number that was passed over":
        client.send_headers(9, REQUEST)
        exchange(client, server)
    block = SelfContainedEncoder().encode(fields)
    RememberingDecoder().decode(block, raw=True)
    before = state(server)
    assert server.take_block(stream_id, block, end_stream=end_stream) == ()
    assert state(server) == before


@pytest.mark.parametrize(
    ("fields", "end_stream"),
    [([(b":status", b"103")], False), ([(b":status", b"200"), (b"content-length", b"5")], False), (END_FIELDS, False)],
    ids=["informational", "a length to be kept", "trailers that do not end"],
)
def test_answer_that_is_not_plain_is_left_to_h2(fields: list[tuple[bytes, bytes]], end_stream: bool) -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    if fields is END_FIELDS:
        server.send_block(1, ANSWER)
        exchange(client, server)
    block = SelfContainedEncoder().encode(fields)
    RememberingDecoder().decode(block, raw=True)
    before = state(client)
    assert client.take_block(1, block, end_stream=end_stream) == ()
    assert state(client) == before


def test_block_that_nobody_remembers_is_left_to_h2() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    assert server.take_block(5, Encoder().encode([("x-new", "value")]), end_stream=False) == ()
    assert set(server.streams) == {1, 3}


def test_what_peers_allow_for_their_tables_leaves_nothing_with_the_encoder_that_all_connections_share() -> None:
    client, server = ours(client_side=True), ours(client_side=False)
    connect(client, server)
    for size in (4095, 4094, 0, 4096):
        server.receive_data(SettingsFrame(0, settings={SettingCodes.HEADER_TABLE_SIZE: size}).serialize())
    assert server.encoder is client.encoder
    assert (server.encoder.table_size_changes, server.encoder.header_table_size) == ([], 0)


def settings_frame(entries: dict[int, int]) -> bytes:
    return SettingsFrame(0, settings=entries).serialize()


SETTINGS_OF_PEERS = [
    {},
    {SettingCodes.MAX_CONCURRENT_STREAMS: 5},
    {SettingCodes.INITIAL_WINDOW_SIZE: 0},
    {SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1, SettingCodes.MAX_FRAME_SIZE: 2**24 - 1},
    {SettingCodes.MAX_FRAME_SIZE: LEAST_FRAME_BYTES, SettingCodes.MAX_HEADER_LIST_SIZE: 100},
    {SettingCodes.HEADER_TABLE_SIZE: 0, SettingCodes.ENABLE_PUSH: 0, 0: 7},
]


@pytest.mark.parametrize("entries", SETTINGS_OF_PEERS)
@pytest.mark.parametrize("client_side", [True, False])
def test_a_peer_s_first_settings_do_what_h2_makes_of_them(client_side: bool, entries: dict[int, int]) -> None:
    pair = ours(client_side=client_side), ours(client_side=client_side)
    for connection in pair:
        connection.initiate_connection()
        if client_side:
            connection.send_headers(1, REQUEST)
        connection.clear_outbound_data_buffer()
    mine, theirs = pair
    frame = settings_frame(entries)

    assert mine.take_settings(frame)
    theirs.receive_data(frame if client_side else PREFACE + frame)

    assert mine.remote_settings == theirs.remote_settings
    assert mine.max_outbound_frame_size == theirs.max_outbound_frame_size
    assert mine.state_machine.state is theirs.state_machine.state
    assert mine.data_to_send() == theirs.data_to_send() == SETTINGS_ACK
    for stream_id, stream in theirs.streams.items():
        assert windows(mine, stream_id) == windows(theirs, stream_id)
        assert mine.streams[stream_id].max_outbound_frame_size == stream.max_outbound_frame_size


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({SettingCodes.ENABLE_PUSH: 2}, ErrorCodes.PROTOCOL_ERROR),
        ({SettingCodes.INITIAL_WINDOW_SIZE: 2**31}, ErrorCodes.FLOW_CONTROL_ERROR),
        ({SettingCodes.MAX_FRAME_SIZE: LEAST_FRAME_BYTES - 1}, ErrorCodes.PROTOCOL_ERROR),
    ],
)
def test_first_settings_that_are_not_allowed_are_refused_as_by_h2(entries: dict[int, int], code: ErrorCodes) -> None:
    with pytest.raises(ProtocolError) as refused:
        ours(client_side=False).take_settings(settings_frame(entries))
    assert refused.value.error_code is code


def test_a_server_that_allows_itself_to_push_is_refused() -> None:
    """And a client is not, though it announces the same."""
    frame = settings_frame({SettingCodes.ENABLE_PUSH: 1})
    assert ours(client_side=False).take_settings(frame)
    with pytest.raises(ProtocolError, match="invalid value 1"):
        ours(client_side=True).take_settings(frame)


def test_settings_are_shared_by_those_whose_peers_announce_the_same_until_one_announces_more() -> None:
    first, second = ours(client_side=False), ours(client_side=False)
    frame = settings_frame({SettingCodes.MAX_CONCURRENT_STREAMS: 7})
    assert first.take_settings(frame)
    assert second.take_settings(frame)
    assert first.remote_settings is second.remote_settings

    later = settings_frame({SettingCodes.MAX_CONCURRENT_STREAMS: 8})
    assert not first.take_settings(later)
    first.receive_data(PREFACE + later)

    assert first.remote_settings.max_concurrent_streams == 8
    assert second.remote_settings.max_concurrent_streams == 7


@pytest.mark.parametrize(
    "frame",
    [
        bytes.fromhex("000000 04 00 00000001"),  # for a stream
        bytes.fromhex("000003 04 00 00000000 000400"),  # half an entry
        bytes.fromhex("000006 04 01 00000000 000400000000"),  # an acknowledgement that says something
    ],
)
def test_settings_with_which_something_is_amiss_are_for_h2(frame: bytes) -> None:
    assert not ours(client_side=False).take_settings(frame)
