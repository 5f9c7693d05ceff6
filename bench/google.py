"""Google's message classes, built from protos/ when first asked for."""

import functools
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

PROTOS = Path(__file__).parents[1] / "protos"


def google_class(full_name: str) -> Any:
    """The class of a message such as ``gossip.GossipMessage``."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(full_name))


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "descriptors"
        sources = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
        command = ["protoc", f"-I{PROTOS}", "--include_imports", f"--descriptor_set_out={target}", *sources]
        if protoc.main(command) != 0:
            raise RuntimeError("protoc failed")
        files = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool
