"""Rules over config.yaml: NodeOUs, who certifies them, and whether the peer's own certificate has a role."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gossip.errors import ConfigurationError
from gossip.msp.certificate import Certificate
from gossip.msp.config_yaml import ROLE_KEYS, OuSetting, OuSettings, parse_ou_settings
from gossip.msp.lint.config_keys import lint_config_keys
from gossip.msp.lint.contents import read_certificate
from gossip.msp.lint.finding import Finding, error, warning
from gossip.msp.lint.folder import Folder
from gossip.msp.roles import Role
from gossip.paths import exists, is_file

_FILE = "config.yaml"
_PLACE = re.compile(r"^config\.yaml(:\d+)?: ")


def lint_settings(folder: Folder) -> Iterator[Finding]:
    """The file can be read, names CAs that are there, and gives the peer's own certificate one role."""
    try:
        settings = parse_ou_settings(folder.config, _FILE)
    except ConfigurationError as fault:
        problem = _PLACE.sub("", str(fault))
        yield error(
            fault.path or _FILE, "config-unreadable", problem, "correct the line; a peer refuses the whole folder"
        )
        return
    if _FILE in folder.faulty_files():
        return  # nobody knows what it says
    if Role.ADMIN not in (settings.node_ous or {}) and not folder.in_folder("admincerts"):
        yield _no_config() if _is_absent(folder.path / _FILE) else _no_admins(settings)
    yield from lint_config_keys(folder.config, _FILE)
    for setting in (settings.node_ous or {}).values():
        yield from _lint_certifier(setting, folder, may_be_absent=True)
    for setting in settings.organizational_units:
        yield from _lint_certifier(setting, folder, may_be_absent=False)
    own = folder.own()
    if own is None or own.certificate.is_ca:
        return
    if settings.node_ous is not None:
        yield from _lint_role(own.certificate, own.file, settings.node_ous, folder)
    yield from _lint_required(own.certificate, own.file, settings)


def _no_config() -> Finding:
    problem = "does not exist, and admincerts is empty: this MSP has no administrators"
    remedy = "copy the one here that is in the organisation's own msp folder, or put a certificate into admincerts"
    return error(_FILE, "no-config", problem, remedy)


def _no_admins(settings: OuSettings) -> Finding:
    rest = "and admincerts is empty: this MSP has no administrators"
    if settings.off_line is not None:
        remedy = "make it Enable: true, or put a certificate into admincerts"
        return error(f"{_FILE}:{settings.off_line}", "no-admins", f"NodeOUs is off here, {rest}", remedy)
    mend = "turn NodeOUs on in config.yaml" if settings.node_ous is None else "name AdminOUIdentifier below it"
    remedy = f"{mend}, or put a certificate into admincerts"
    return error(_FILE, "no-admins", f"NodeOUs names no OU for administrators, {rest}", remedy)


def _lint_certifier(setting: OuSetting, folder: Folder, *, may_be_absent: bool) -> Iterator[Finding]:
    file = setting.certifier_in(folder.path)
    if file is None:
        return
    place = f"{_FILE}:{setting.line}"
    certifier = _read_certifier(setting, folder)
    names = _names(folder)
    remedy = f"name one of {names}" if names else "put the CA's certificate into cacerts, and name it"
    if may_be_absent and _is_absent(file):
        problem = (
            f"OU {setting.name} is to be certified by {setting.certificate}, which does not exist: "
            "a peer lets any CA of this MSP certify it"
        )
        yield warning(
            place, "node-ou-certificate", problem, f"put that CA's certificate there, or {remedy}" if names else remedy
        )
    elif certifier is None:
        problem = f"OU {setting.name} is to be certified by {setting.certificate}, which holds no certificate"
        yield error(place, "node-ou-certificate", problem, remedy)
    elif certifier not in _authorities(folder):
        problem = f"OU {setting.name} is to be certified by {certifier.subject}, which is not a CA of this MSP"
        yield error(place, "node-ou-certificate", problem, remedy)


def _lint_role(own: Certificate, file: str, node_ous: Mapping[Role, OuSetting], folder: Folder) -> Iterator[Finding]:
    roles = list(node_ous.values())
    found = [role for role in roles if role.name in own.organizational_units]
    other_case = None if found else _find_in_other_case(own, roles)
    if other_case is not None:
        setting, unit = other_case
        problem = f"OU {setting.name} is not the {unit} of {own.subject}: capitals count"
        remedy = f"make it OrganizationalUnitIdentifier: {unit}"
        yield error(f"{_FILE}:{setting.name_line}", "node-ou-case", problem, remedy)
        return
    unnamed = next((key for key, role in ROLE_KEYS.items() if role.value in own.organizational_units), None)
    if not found and unnamed is not None:
        unit = ROLE_KEYS[unnamed].value
        other = node_ous.get(ROLE_KEYS[unnamed])
        place = _FILE if other is None else f"{_FILE}:{other.name_line}"
        problem = f"{own.subject} has the OU {unit}, and the OUs here are {', '.join(role.name for role in roles)}"
        yield error(place, "node-ou-role", problem, f"give {unnamed} the OrganizationalUnitIdentifier {unit}")
        return
    if len(found) != 1:
        has = ", ".join(own.organizational_units) or "no OU"
        problem = f"{own.subject} has {has}, and must have exactly one of {', '.join(role.name for role in roles)}"
        yield error(file, "node-ou-role", problem, "enroll again with the role as OU, such as --id.type peer")
        return
    setting = found[0]
    certifier = _read_certifier(setting, folder)
    issuer = next((ca for ca in _authorities(folder) if own.is_signed_by(ca)), None)
    if certifier is None or issuer is None or certifier not in _authorities(folder) or certifier == issuer:
        return
    problem = (
        f"OU {setting.name} must be certified by {certifier.subject} ({setting.certificate}), "
        f"but {issuer.subject} issued {file}"
    )
    remedy = f"make it Certificate: {_file_of(issuer, folder)}"
    yield error(f"{_FILE}:{setting.line}", "node-ou-certifier", problem, remedy)


def _find_in_other_case(own: Certificate, roles: Sequence[OuSetting]) -> tuple[OuSetting, str] | None:
    pairs = ((role, unit) for role in roles for unit in own.organizational_units)
    return next(((role, unit) for role, unit in pairs if role.name.lower() == unit.lower()), None)


def _lint_required(own: Certificate, file: str, settings: OuSettings) -> Iterator[Finding]:
    wanted = [setting.name for setting in settings.organizational_units]
    if wanted and not set(wanted) & set(own.organizational_units):
        has = ", ".join(own.organizational_units) or "no OU"
        problem = f"{own.subject} has {has}, and must have one of {', '.join(wanted)}"
        yield error(file, "missing-ou", problem, "enroll again with that OU, or correct OrganizationalUnitIdentifiers")


def _is_absent(file: Path) -> bool:
    try:
        return not exists(file)
    except OSError:
        return False  # a peer cannot tell either, and does not start


def _read_certifier(setting: OuSetting, folder: Folder) -> Certificate | None:
    file = setting.certifier_in(folder.path)
    try:
        content = file.read_bytes() if file is not None and is_file(file) else b""
    except OSError:
        return None  # which is a finding of its own where it lies in the folder
    return read_certificate(str(file), content)[0]


def _authorities(folder: Folder) -> list[Certificate]:
    return [entry.certificate for entry in folder.authorities()]


def _file_of(authority: Certificate, folder: Folder) -> str:
    return next(entry.file for entry in folder.authorities() if entry.certificate == authority)


def _names(folder: Folder) -> str:
    return ", ".join(entry.file for entry in folder.authorities())
