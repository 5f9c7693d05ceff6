"""config.yaml of an MSP and core.yaml: what people write by hand."""

import tempfile
from math import isfinite
from pathlib import Path
from random import Random

from gossip.errors import ConfigurationError
from gossip.msp.config_yaml import OuSettings, parse_ou_settings
from gossip.node.core_yaml import load_core_yaml
from tests.fuzz.edits import edit
from tests.support.core_yaml import TEXT

CONFIG_YAML = b"""\
NodeOUs:
  Enable: true
  ClientOUIdentifier: {Certificate: cacerts/ca.pem, OrganizationalUnitIdentifier: client}
  PeerOUIdentifier:
    Certificate: cacerts/ca.pem
    OrganizationalUnitIdentifier: peer
  AdminOUIdentifier:
    OrganizationalUnitIdentifier: admin
  OrdererOUIdentifier:
    OrganizationalUnitIdentifier: "orderer"
OrganizationalUnitIdentifiers:
  - Certificate: cacerts/ca.pem
    OrganizationalUnitIdentifier: 'unit'
"""
YAML_PARTS = (
    *(b"&a ", b"*a", b"<<: ", b"? ", b": ", b"- ", b"[", b"]", b"{", b"}", b"|\n", b">\n", b"---\n", b"...\n", b"#"),
    *(b"!!binary ", b"!!int ", b"!!bool ", b"!!python/name:os.system ", b"!%ff ", b"%YAML 1.1\n", b"[" * 2000),
    *(b"\t", b"\n", b"\n\n", b'"', b"'", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc2\xb5s", b"\xc2\x85"),
    *(rb'"\UFFFFFFFF"', rb'"\ud800"', rb'"\x00"', rb"\U0010ffff", b"%YAML " + b"9" * 5000 + b".1\n---\n"),
    *(b"null", b"~", b"yes", b"1e999", b"0x10", b"2026-01-01", b"9" * 20, b"-3s", b"1h2m", b"1e9s", b".s"),
)


class ConfigYaml:
    """Read, or refused with a text that begins with the file."""

    def close(self) -> None:
        """Hold nothing."""

    def try_one(self, random: Random) -> str:
        text = edit(CONFIG_YAML, random, YAML_PARTS)
        try:
            settings = parse_ou_settings(text, "msp/config.yaml")
        except ConfigurationError as error:
            named = str(error).startswith("msp/config.yaml")
        else:
            self._check(settings, text)
            return "read"
        assert named, text
        return "refused"

    @staticmethod
    def _check(settings: OuSettings, text: bytes) -> None:
        for unit in (*(settings.node_ous or {}).values(), *settings.organizational_units):
            assert 1 <= unit.line <= len(text.splitlines()) + 1, text
            unit.name.encode()


class CoreYaml:
    """The same, and what is read can be used."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gossip-fuzz-")
        self._path = Path(self._folder.name) / "core.yaml"
        self._text = TEXT.encode()

    def close(self) -> None:
        self._folder.cleanup()

    def try_one(self, random: Random) -> str:
        text = edit(self._text, random, YAML_PARTS)
        self._path.write_bytes(text)
        environ = {}
        if random.random() < 0.3:
            value = edit(random.choice((b"3s", b"200", b"true", b"a b")), random, YAML_PARTS)
            name = random.choice(("PEER_GOSSIP_DIALTIMEOUT", "PEER_GOSSIP_SENDBUFFSIZE", "PEER_TLS_ENABLED"))
            environ[f"CORE_{name}"] = value.decode(errors="surrogateescape")
        try:
            core = load_core_yaml(self._path, environ)
            settings = core.peer_settings()
        except ConfigurationError:
            return "refused"
        times = (settings.dial.dial_timeout_s, settings.comm.conn_timeout_s, settings.dial.keepalive_interval_s)
        assert all(isfinite(each_s) and each_s > 0 for each_s in times), text
        assert settings.comm.send_buffer > 0, text
        return "read"
