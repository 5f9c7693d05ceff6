"""Rules over names: a folder that Fabric does not read is as good as none."""

import difflib
from collections.abc import Iterator

from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import CERTIFICATE_ROLES, OTHER_FOLDERS, Folder

_KNOWN = (*CERTIFICATE_ROLES, *OTHER_FOLDERS, "config.yaml")
_KEEP = "move it elsewhere, and keep it: it may hold a private key"
_DOCUMENTED = {"tlsintermediatecacerts": "tlsintermediatecerts"}
"""Names of Fabric's documentation that its code does not read."""


def lint_layout(folder: Folder) -> Iterator[Finding]:
    """Every entry has a name that Fabric reads."""
    for stranger in folder.strangers:
        name = stranger.name
        if name in _KNOWN:
            is_now, should_be = ("folder", "file") if name == "config.yaml" else ("file", "folder")
            problem = f"is a {is_now}, where a peer looks for a {should_be}"
            yield error(name, "misnamed", problem, f"put a {should_be} of that name in its place")
            continue
        meant = _DOCUMENTED.get(name) or next(
            iter(difflib.get_close_matches(name.lower(), _KNOWN, n=1, cutoff=0.8)), None
        )
        if name in _DOCUMENTED:
            problem = f"is what Fabric's documentation says, but a peer reads {meant} and ignores this folder"
        else:
            problem = "does not belong in an MSP folder; a peer ignores it"
        rule = "misnamed" if meant else "unknown-file"
        otherwise = _KEEP if stranger.may_hold_key else "remove it, so that nobody relies on it"
        remedy = f"rename it to {meant}" if meant else otherwise
        yield warning(name, rule, problem, remedy)
