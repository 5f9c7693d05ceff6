"""Where a core.yaml leaves unset what it may mean to set: a line that is indented too little."""

from dataclasses import dataclass

from gossip.node.yaml_values import YamlFile

_NEEDED = (
    "peer.localMspId",
    "peer.mspConfigPath",
    "peer.tls.enabled",
    "peer.tls.cert.file",
    "peer.tls.key.file",
    "peer.tls.rootcert.file",
)


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a key is not set: ``place`` is file and line, ``what`` what stands there."""

    place: str
    what: str


def find_gaps(file: YamlFile) -> dict[str, Gap]:
    """The gaps by key, for keys without which there is no peer, or no TLS."""
    found = ((key, _find_gap(file, key.split("."))) for key in _NEEDED)
    return {key: gap for key, gap in found if gap is not None}


def _find_gap(file: YamlFile, names: list[str]) -> Gap | None:
    for count in range(1, len(names)):
        line = file.find_null(names[:count])
        if line is not None:
            return Gap(file.place(line), f"nothing stands below {names[count - 1]}:")
    section, name = names[:2]
    line = file.find_key(name) if name.lower() not in map(str.lower, file.entries(section)) else None
    return None if line is None else Gap(file.place(line), f"{name}: stands outside of {section}:")
