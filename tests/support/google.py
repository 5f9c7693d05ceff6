"""Google's protobuf, the oracle of the codec: classes built from protos/ when a test first asks for one."""

import functools
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
)
from google.protobuf.message import DecodeError
from grpc_tools import protoc

PROTOS = Path(__file__).parents[2] / "protos"


@functools.cache
def google_class(full_name: str) -> Any:
    """The class of a message such as ``gossip.GossipMessage``."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(full_name))


def google_recode(full_name: str, data: bytes) -> bytes | None:
    """Decode and encode again; None when Google's protobuf refuses ``data``."""
    try:
        encoded: bytes = google_class(full_name).FromString(data).SerializeToString()
    except DecodeError:
        return None
    return encoded


def google_json(full_name: str, data: bytes) -> dict[str, Any]:
    """Google's JSON of an encoded message, with the proto's field names."""
    message = google_class(full_name).FromString(data)
    as_json: dict[str, Any] = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return as_json


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "descriptors"
        sources = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
        command = ["protoc", f"-I{PROTOS}", "--include_imports", f"--descriptor_set_out={target}", *sources]
        assert protoc.main(command) == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool
