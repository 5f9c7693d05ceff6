"""Rules over the peer's own certificate and key: one of each, and each for the other."""

from collections.abc import Iterator
from datetime import datetime

from gossip.msp.lint.finding import Finding, error
from gossip.msp.lint.folder import Folder, LintedCertificate
from gossip.msp.lint.meant import find_meant, merit_over


def lint_own(folder: Folder, now: datetime) -> Iterator[Finding]:
    """The peer has one certificate, and the key that it is for."""
    own, others = folder.own(), folder.in_folder("signcerts")[1:]
    if own is None:
        yield from _lint_without_certificate(folder)
        return
    if others:
        yield _several(own, others, folder, now)
    if not folder.has_key_of(own):  # keys beside our own are those of certificates before it, which nobody removes
        yield from _lint_keys(own, others, folder)
    if not folder.keys and not _is_broken("keystore", folder):
        problem = f"holds no key, so nothing can be signed as {own.certificate.subject}"
        remedy = (
            f"put the private key of {own.file} there, as priv_sk; one in an HSM (PKCS11) only Fabric itself can use"
        )
        yield error("keystore", "no-key", problem, remedy)


def _lint_without_certificate(folder: Folder) -> Iterator[Finding]:
    if _is_broken("signcerts", folder):
        return
    for key in folder.keys:
        problem = "is a private key, but no certificate in signcerts belongs to it"
        yield error(key.file, "no-signcert", problem, "put the peer's own certificate into signcerts")


def _several(own: LintedCertificate, others: list[LintedCertificate], folder: Folder, now: datetime) -> Finding:
    problem = f"a peer uses the first certificate by name, {own.file}, and ignores {_names(others)}"
    meant = find_meant(folder, now)
    if meant is None:
        return error("signcerts", "several-signcerts", problem, "leave only the peer's own certificate there")
    if meant is not own and folder.has_key_of(own):
        problem += f"; but keystore has the key of {meant.file} too, which {merit_over(meant, own, now)}"
    elif meant is not own:
        problem += f"; but the key in keystore is that of {meant.file}"
    away = [entry for entry in (own, *others) if entry is not meant]
    remedy = f"leave only {meant.file} there, whose key is in keystore: move {_names(away)} elsewhere"
    return error("signcerts", "several-signcerts", problem, remedy)


def _lint_keys(own: LintedCertificate, others: list[LintedCertificate], folder: Folder) -> Iterator[Finding]:
    known = [entry.certificate.parsed.public_key() for entry in (own, *others)]
    for key in folder.keys:
        if key.public_key not in known:
            problem = f"is not the key of {own.file} ({own.certificate.subject}), nor of any other certificate here"
            yield error(key.file, "key-mismatch", problem, f"replace it with the key that {own.file} was issued for")


def _names(entries: list[LintedCertificate]) -> str:
    return ", ".join(entry.file for entry in entries)


def _is_broken(name: str, folder: Folder) -> bool:
    """Whether a file of that folder has an error of its own."""
    return any(file.partition("/")[0] == name for file in folder.faulty_files())
