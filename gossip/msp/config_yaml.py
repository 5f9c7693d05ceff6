"""config.yaml of an MSP folder: read with the line of everything in it, so that errors can name it."""

from collections.abc import Iterable
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path

import yaml

from gossip.errors import ConfigurationError
from gossip.msp.roles import Role
from gossip.msp.yaml_nodes import MERGE_TAG, NULL_TAG, compose_yaml, is_text, line_of

ROLE_KEYS = {
    "ClientOUIdentifier": Role.CLIENT,
    "PeerOUIdentifier": Role.PEER,
    "AdminOUIdentifier": Role.ADMIN,
    "OrdererOUIdentifier": Role.ORDERER,
}
MAX_UNITS = 1_000
"""How many OrganizationalUnitIdentifiers are read: a YAML alias of two letters adds one, and each reads a CA's file."""
_BOOLEAN_TAG = "tag:yaml.org,2002:bool"
_TRUTH: dict[str, bool] = yaml.SafeLoader.bool_values
_SHORT_TRUTH = {"y": True, "Y": True, "n": False, "N": False}
"""As Go's yaml.v2 reads them where they stand plainly, which PyYAML takes for texts."""
_BINARY_TAG = "tag:yaml.org,2002:binary"


@dataclass(frozen=True, slots=True)
class OuSetting:
    """An organizational unit and the file, relative to the MSP folder, of the CA that must certify it.

    ``certificate`` is None where any CA of the MSP may. ``line`` is that of ``certificate``, ``name_line`` that of
    ``name``, counted from 1; where a key is not there, it is the line that all begins in.
    """

    name: str
    certificate: str | None
    line: int
    name_line: int

    def certifier_in(self, folder: Path) -> Path | None:
        """The certifier's file in an MSP folder; a slash at its beginning leads there too, as in Fabric.

        ``..`` takes out what stands before it, be it a link or nothing at all.

        Mirrors: path/filepath, Join.
        """
        return None if self.certificate is None else Path(normpath(folder / self.certificate.lstrip("/")))


@dataclass(frozen=True, slots=True)
class OuSettings:
    """What config.yaml says: the OU of each role, None where NodeOUs are off, and the OUs that a member must have.

    ``off_line`` is the line that turns NodeOUs off; None where they are on, or are not there.
    """

    node_ous: dict[Role, OuSetting] | None = None
    organizational_units: tuple[OuSetting, ...] = ()
    off_line: int | None = None


def parse_ou_settings(text: bytes, path: str) -> OuSettings:
    """Read config.yaml; keys that Fabric does not know are skipped, as Fabric does.

    Raises:
        ConfigurationError: Not YAML, too large, or something in it has the wrong type; ``path`` names file and line.

    Mirrors: msp/configbuilder.go, Configuration.
    """
    document = compose_yaml(text, path, "failed unmarshalling configuration file")
    if document is None or document.tag == NULL_TAG:
        return OuSettings()
    top = _Fields(document, path)
    node_ous = top.find_mapping("NodeOUs")
    return OuSettings(
        _parse_node_ous(node_ous, path),
        _parse_units(top.find_all("OrganizationalUnitIdentifiers"), path),
        None if node_ous is None else _find_off_line(_Fields(node_ous, path)),
    )


class _Fields:
    """The values of one mapping by key, all that a key is given: each is read over what was read before, as in Go.

    Mirrors: gopkg.in/yaml.v2, decoder.prepare.
    """

    def __init__(self, node: yaml.Node, path: str) -> None:
        if not isinstance(node, yaml.MappingNode):
            raise _wrong(node, path, "a mapping with keys")
        self._path = path
        self._given: dict[str, dict[int, yaml.Node]] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                self._add(self._given.setdefault(key.value, {}), value)
        if any(key.tag == MERGE_TAG for key, _ in node.value):
            raise _wrong(node, path, "keys written out, not merged with <<")

    def find(self, key: str) -> yaml.Node | None:
        return next(reversed(self.find_all(key)), None)

    def find_mapping(self, key: str) -> yaml.MappingNode | None:
        nodes = self.find_all(key)
        entries = []
        for node in nodes:
            if not isinstance(node, yaml.MappingNode):
                raise _wrong(node, self._path, "a mapping with keys")
            entries += node.value
        return yaml.MappingNode(nodes[-1].tag, entries, nodes[-1].start_mark) if nodes else None

    def find_text(self, key: str) -> str | None:
        text = None
        for node in self.find_all(key):
            if not isinstance(node, yaml.ScalarNode) or node.tag == _BINARY_TAG or not is_text(node.value):
                raise _wrong(node, self._path, f"{key}: a text")
            text = str(node.value)
        return text

    def is_set(self, key: str) -> bool:
        is_set = False
        for node in self.find_all(key):
            value = _truth_of(node)
            if value is None:
                raise _wrong(node, self._path, f"{key}: true or false")
            is_set = value
        return is_set

    def find_all(self, key: str) -> list[yaml.Node]:
        return list(self._given.get(key, {}).values())

    @staticmethod
    def _add(given: dict[int, yaml.Node], value: yaml.Node) -> None:
        if value.tag == NULL_TAG:
            given.clear()
            return
        given.pop(id(value), None)  # an alias, whose values the earlier place of it can add nothing to
        given[id(value)] = value


def _truth_of(node: yaml.Node) -> bool | None:
    """What a node says where true or false is wanted; None for anything else."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    if not node.style and node.value in _SHORT_TRUTH:
        return _SHORT_TRUTH[node.value]
    return _TRUTH.get(node.value.lower()) if node.tag == _BOOLEAN_TAG else None


def _parse_node_ous(node: yaml.Node | None, path: str) -> dict[Role, OuSetting] | None:
    if node is None:
        return None
    fields = _Fields(node, path)
    settings = {role: _parse_unit(unit, path) for key, role in ROLE_KEYS.items() if (unit := fields.find_mapping(key))}
    named = {role: setting for role, setting in settings.items() if setting.name}
    # Without a single role Fabric turns the enforcement off again.
    return named if fields.is_set("Enable") and named else None


def _find_off_line(node_ous: _Fields) -> int | None:
    enable = node_ous.find("Enable")
    return None if enable is None or node_ous.is_set("Enable") else line_of(enable)


def _parse_units(nodes: Iterable[yaml.Node], path: str) -> tuple[OuSetting, ...]:
    """The last of several lists takes the place of those before it, which must all be lists of such entries."""
    units: tuple[OuSetting, ...] = ()
    for node in nodes:
        if not isinstance(node, yaml.SequenceNode):
            raise _wrong(node, path, "OrganizationalUnitIdentifiers: a list")
        if len(node.value) > MAX_UNITS:
            raise _wrong(node, path, f"OrganizationalUnitIdentifiers: at most {MAX_UNITS} entries")
        units = tuple(_parse_unit(unit, path) for unit in node.value)
    for unit in units:
        if not unit.certificate:
            raise ConfigurationError(
                f"OrganizationalUnitIdentifiers: {unit.name or 'an entry'} names no Certificate",
                path=f"{path}:{unit.line}",
            )
    return units


def _parse_unit(node: yaml.Node, path: str) -> OuSetting:
    fields = _Fields(node, path)
    name = fields.find_text("OrganizationalUnitIdentifier") or ""
    name_line, line = (line_of(fields.find(key) or node) for key in ("OrganizationalUnitIdentifier", "Certificate"))
    return OuSetting(name, fields.find_text("Certificate") or None, line, name_line)


def _wrong(node: yaml.Node, path: str, wanted: str) -> ConfigurationError:
    return ConfigurationError(
        f"failed unmarshalling configuration file: expected {wanted}", path=f"{path}:{line_of(node)}"
    )
