"""Everything that is fuzzed, by name."""

from collections.abc import Callable, Mapping

from tests.fuzz.codec import Codec
from tests.fuzz.files import ConfigYaml, CoreYaml
from tests.fuzz.handshakes import Handshakes
from tests.fuzz.http2 import Http2Client, Http2Server
from tests.fuzz.identities import Identities
from tests.fuzz.target import Target

TARGETS: Mapping[str, Callable[[], Target]] = {
    "codec": Codec,
    "handshake": Handshakes,
    "identity": Identities,
    "config.yaml": ConfigYaml,
    "core.yaml": CoreYaml,
    "http2-server": Http2Server,
    "http2-client": Http2Client,
}
