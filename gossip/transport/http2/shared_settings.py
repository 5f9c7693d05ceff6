"""What holds on a connection by SETTINGS, ours and a peer's: one object for all connections on which it is the same.

h2 spends 4 kB on each side of each connection, and to read what a peer announces a twelfth of the calls of a handshake.
Nothing here may be changed once it is handed out.
"""

from functools import lru_cache
from struct import Struct

from h2.settings import SettingCodes, Settings

from gossip.transport.http2.frame import FRAME_HEADER, MAX_FRAME_BYTES, PREFACE, SETTINGS

MAX_REMEMBERED = 64

_SETTING = Struct(">HI")


@lru_cache(maxsize=16)
def local_settings(client_side: bool, max_streams: int, max_header_bytes: int) -> tuple[Settings, bytes]:
    """What holds for a peer, which never changes, and the frame that announces it.

    h2 would also announce what every peer takes for granted, and end the connection at a stream too many, which is
    refused by :mod:`gossip.transport.grpc.server_protocol`. Spec: RFC 9113 section 5.1.2.
    """
    settings = {
        SettingCodes.MAX_CONCURRENT_STREAMS: max_streams,
        SettingCodes.MAX_FRAME_SIZE: MAX_FRAME_BYTES,
        SettingCodes.MAX_HEADER_LIST_SIZE: max_header_bytes,
    }
    if client_side:
        settings[SettingCodes.ENABLE_PUSH] = 0
    announced = b"".join(_SETTING.pack(*setting) for setting in settings.items())
    frame = FRAME_HEADER.pack(len(announced) << 8 | SETTINGS, 0, 0) + announced
    settings[SettingCodes.MAX_CONCURRENT_STREAMS] += 1
    return Settings(client=client_side, initial_values=settings), PREFACE + frame if client_side else frame


@lru_cache(maxsize=MAX_REMEMBERED)
def peer_settings(announced: bytes, *, from_client: bool) -> Settings:
    """What holds for us by the body of a peer's first SETTINGS, whole entries.

    Raises:
        ProtocolError: A value is not allowed.
    """
    settings = Settings(client=from_client)
    values = dict(_SETTING.iter_unpack(announced))
    for code, value in values.items():
        settings.validate_received_setting(code, value)
    settings.update(values)
    settings.acknowledge()
    return settings
