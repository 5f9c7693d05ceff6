"""Rules over the keys of config.yaml: one that is misspelt counts for nothing, and one given twice for both."""

import difflib
from collections.abc import Iterator, Mapping

import yaml

from gossip.msp.certificate import shown
from gossip.msp.config_yaml import ROLE_KEYS
from gossip.msp.lint.finding import Finding, warning
from gossip.msp.yaml_nodes import compose_yaml, line_of

_Keys = Mapping[str, "_Keys"]

_UNIT: _Keys = {"Certificate": {}, "OrganizationalUnitIdentifier": {}}
_KEYS: _Keys = {
    "NodeOUs": {"Enable": {}, **dict.fromkeys(ROLE_KEYS, _UNIT)},
    "OrganizationalUnitIdentifiers": _UNIT,
}


def lint_config_keys(text: bytes, file: str) -> Iterator[Finding]:
    """Every key is one that Fabric reads, and is there once; ``text`` is known to be well formed."""
    document = compose_yaml(text, file, "")
    if document is not None:
        yield from _lint_keys(document, _KEYS, file)


def _lint_keys(node: yaml.Node, known: _Keys, file: str) -> Iterator[Finding]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _lint_keys(item, known, file)
    if not known or not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name = str(key.value)
        if name in known:
            if name in lines:
                problem = f"{name} stands in line {lines[name]} too: peers read both, this one over that one"
                yield warning(f"{file}:{line_of(key)}", "repeated-key", problem, "put both together, or remove one")
            lines[name] = line_of(key)
            yield from _lint_keys(value, known[name], file)
            continue
        meant = difflib.get_close_matches(name, known, n=1)
        problem = f"{shown(name)} is not a key that peers read here; everything below it is ignored"
        remedy = f"write {meant[0]}" if meant else f"write one of {', '.join(known)}, or remove it"
        yield warning(f"{file}:{line_of(key)}", "unknown-key", problem, remedy)
