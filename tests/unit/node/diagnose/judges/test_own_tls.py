"""TLS files of ours that cannot be used."""

import errno
from dataclasses import replace
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.node.diagnose.judges.own_tls import judge_own_files
from gossip.node.diagnose.own_side import load_own_side
from tests.support.in_thread import peer_settings, tls_of
from tests.support.organizations import NOW, organization_folder


def forbidden(path: Path) -> ConfigurationError:
    """What a file leads to that we may not read."""
    error = ConfigurationError("cannot be read: Permission denied", path=str(path))
    error.__cause__ = PermissionError(errno.EACCES, "Permission denied")
    return error


def test_a_key_that_may_not_be_read_is_told_with_what_to_do() -> None:
    cause = judge_own_files(load_own_side(peer_settings(), NOW), forbidden(tls_of().key))

    assert (cause.rule, cause.text, cause.look_at) == (
        "own-tls-files",
        "the key of our TLS certificate cannot be used: let the peer's user read it: chmod and chown, also of the "
        "folders above",
        str(tls_of().key),
    )


def test_the_tls_cas_of_an_organization_that_may_not_be_read_are_its_msp_folder_s_matter() -> None:
    folder = organization_folder(2) / "msp" / "tlscacerts"
    own = load_own_side(peer_settings(), NOW)

    within = judge_own_files(replace(own, error=forbidden(folder)), forbidden(folder))
    alone = judge_own_files(own, forbidden(folder))

    assert (within.rule, within.look_at) == ("org-msp", f"{folder}, named by --org Org2MSP")
    assert (alone.rule, alone.look_at) == ("own-tls-files", f"{folder}, named by --org Org2MSP")


def test_a_key_that_may_not_be_read_is_told_though_an_organization_is_broken_too() -> None:
    own = load_own_side(peer_settings(), NOW)
    broken = replace(own, error=forbidden(organization_folder(2) / "msp" / "tlscacerts"))

    cause = judge_own_files(broken, forbidden(tls_of().key))

    assert (cause.rule, cause.look_at) == ("own-tls-files", str(tls_of().key))


def test_a_key_that_is_not_there_has_no_fault_of_its_own() -> None:
    key = tls_of().key.with_name("gone.key")
    settings = replace(peer_settings(), tls=replace(tls_of(), key=key))
    missing = ConfigurationError("cannot be read: No such file or directory", path=str(key))

    cause = judge_own_files(load_own_side(settings, NOW), missing)

    assert (cause.text, cause.look_at) == ("the key of our TLS certificate cannot be used", str(key))
