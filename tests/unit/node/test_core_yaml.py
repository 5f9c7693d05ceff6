"""core.yaml: what it says, what stands above it, and how what is wrong with it is named."""

import os
from pathlib import Path

import pytest

from gossip.errors import ConfigurationError
from gossip.node.core_yaml import find_core_yaml, load_core_yaml
from gossip.node.setting_layers import Given, environment_variable
from tests.support.core_yaml import TEXT, line_of, write_core_yaml


def source_of(path: Path, key: str, environ: dict[str, str] | None = None) -> tuple[str, str]:
    """The value of a key as people see it, and where it came from."""
    (found,) = [setting for setting in load_core_yaml(path, environ or {}).in_force if setting.key == key]
    return found.value, found.source


@pytest.mark.parametrize("required", [False, True])
def test_client_cas_that_are_not_there_count_only_where_client_certificates_are_required(
    required: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The file that Fabric ships names tls/ca.crt, which nobody with another root has."""
    path = write_core_yaml(
        tmp_path,
        ("rootcert:\n      file: tls/ca.crt", "rootcert:\n      file: tls/root.crt"),
        ("clientAuthRequired: false", f"clientAuthRequired: {str(required).lower()}"),
    )
    root, absent = tmp_path / "tls/root.crt", tmp_path / "tls/ca.crt"

    assert load_core_yaml(path, {}).tls_roots == ((root, absent) if required else (root,))
    said = [f"{absent}, which peer.tls.clientRootCAs.files names, is ignored: No such file or directory"]
    assert caplog.messages == said * (not required)


def test_a_file_as_fabric_has_it(tmp_path: Path) -> None:
    core = load_core_yaml(write_core_yaml(tmp_path), {})

    assert (core.mspid, core.msp_dir) == ("Org1MSP", tmp_path / "msp")
    assert (core.address, core.listen_address) == ("peer0.org1.example.com:7051", "127.0.0.1:7051")
    assert (core.tls_enabled, core.client_auth_required) == (True, False)
    assert (core.tls_cert, core.tls_key) == (tmp_path / "tls/server.crt", tmp_path / "tls/server.key")
    assert (core.tls_client_cert, core.tls_client_key) == (None, None)
    assert core.tls_roots == (tmp_path / "tls/ca.crt", tmp_path / "tls/ca.crt")
    assert core.bootstrap == ("127.0.0.1:7051", "127.0.0.1:8051")
    assert (core.endpoint, core.external_endpoint) == (None, "peer0.org1.example.com:7051")
    assert (core.dial_timeout_s, core.conn_timeout_s) == (3.0, 1.5)
    assert (core.receive_buffer, core.send_buffer) == (30, 200)
    assert (core.keepalive_interval_s, core.keepalive_timeout_s) == (90.0, 20.0)


def test_the_settings_of_a_peer_follow(tmp_path: Path) -> None:
    core = load_core_yaml(write_core_yaml(tmp_path), {})
    other = tmp_path / "org2"
    (other / "tlscacerts").mkdir(parents=True)
    (other / "tlscacerts" / "ca.pem").touch()
    (other / "tlsintermediatecerts").mkdir()

    settings = core.peer_settings({"Org2MSP": other})

    assert (settings.mspid, settings.msp_dir, settings.listen) == ("Org1MSP", tmp_path / "msp", "127.0.0.1:7051")
    assert settings.tls is not None
    assert settings.tls.certificate == tmp_path / "tls/server.crt"
    assert settings.tls.roots == (*core.tls_roots, other / "tlscacerts")
    assert settings.dial.tls is None
    assert (settings.dial.dial_timeout_s, settings.dial.ping_timeout_s) == (3.0, 1.5)
    assert (settings.dial.keepalive_interval_s, settings.comm.conn_timeout_s) == (90.0, 1.5)
    assert (settings.comm.send_buffer, settings.comm.subscription_buffer) == (200, 30)
    assert settings.organizations == {"Org2MSP": other}
    assert settings.sources["peer.localMspId"] == f"{tmp_path / 'core.yaml'}:{line_of(TEXT, 'localMspId')}"
    assert "peer.maxRecvMsgSize" not in settings.sources


def test_a_client_certificate_of_its_own_is_dialled_with(tmp_path: Path) -> None:
    path = write_core_yaml(
        tmp_path,
        ("clientKey:\n      file:", "clientKey:\n      file: tls/client.key"),
        ("clientCert:\n      file:", "clientCert:\n      file: /abs/client.crt"),
    )

    settings = load_core_yaml(path, {}).peer_settings()

    assert settings.dial.tls is not None
    assert (settings.dial.tls.certificate, settings.dial.tls.key) == (
        Path("/abs/client.crt"),
        tmp_path / "tls/client.key",
    )
    assert settings.tls is not None
    assert settings.tls.certificate == tmp_path / "tls/server.crt"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("localMspId: Org1MSP", "localMspId:", "peer.localMspId"),
        ("file: tls/server.crt", "file:", "peer.tls.cert.file"),
        ("file: tls/server.key", "file:", "peer.tls.key.file"),
    ],
)
def test_what_a_peer_cannot_do_without_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    path = write_core_yaml(tmp_path, (old, new))

    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(path, {}).peer_settings()

    assert str(refusal.value) == f"{path}: {key} is not set"


def test_what_is_set_to_nothing_is_told_with_its_line(tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path, ("mspConfigPath: msp", "mspConfigPath: ''"))

    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(path, {}).peer_settings()

    line = line_of(path.read_text(), "mspConfigPath")
    assert str(refusal.value) == f"{path}:{line}: peer.mspConfigPath is empty"


@pytest.mark.parametrize(("given", "missing"), [("clientCert", "clientKey"), ("clientKey", "clientCert")])
def test_of_a_pair_the_one_that_is_set_is_named_too(tmp_path: Path, given: str, missing: str) -> None:
    path = write_core_yaml(tmp_path, (f"{given}:\n      file:", f"{given}:\n      file: x"))
    variable = f"CORE_PEER_TLS_{given.upper()}_FILE"

    for environ, place in (({}, f"{path}:{line_of(path.read_text(), 'file: x')}"), ({variable: "y"}, variable)):
        with pytest.raises(ConfigurationError) as refusal:
            load_core_yaml(path, environ).peer_settings()
        what = f"peer.tls.{missing}.file is not set, and peer.tls.{given}.file is: they go together"
        assert str(refusal.value) == f"{place}: {what}"


def test_a_section_that_is_indented_too_little_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text("peer:\n  localMspId: Org1MSP\n  mspConfigPath: msp\n\nTLS:\n  enabled: true\n")

    settings = load_core_yaml(path, {}).peer_settings()

    assert settings.tls is None
    assert settings.sources["peer.tls.enabled"] == f"not set in {path}:5, where tls: stands outside of peer:"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("peer:\n", "1: peer.localMspId is not set, and nothing stands below peer:"),
        (
            "localMspId: Org1MSP\npeer:\n  id: x\n",
            "1: peer.localMspId is not set, and localMspId: stands outside of peer:",
        ),
        (
            "peer:\n  localMspId: A\n  mspConfigPath: msp\n  tls:\n    enabled: true\n    cert:\n    file: x\n",
            "6: peer.tls.cert.file is not set, and nothing stands below cert:",
        ),
    ],
)
def test_a_value_that_is_indented_too_little_is_told_where_it_is_missing(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(text)

    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(path, {}).peer_settings()

    assert str(refusal.value) == f"{path}:{what}"


def test_tls_without_a_ca_is_named(tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path, ("rootcert:\n      file: tls/ca.crt", "rootcert:"), ("\n        - tls/ca.crt", ""))

    with pytest.raises(ConfigurationError, match=r"peer\.tls\.rootcert\.file is not set"):
        load_core_yaml(path, {}).peer_settings()


def test_without_tls_no_file_of_it_is_needed(tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path, ("enabled: true", "enabled: false"), ("file: tls/server.crt", "file:"))

    assert load_core_yaml(path, {}).peer_settings().tls is None


def test_keys_count_in_any_case(tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path, ("dialTimeout: 3s", "DIALTIMEOUT: 7s"))

    assert load_core_yaml(path, {}).dial_timeout_s == 7.0


def test_an_empty_file_leaves_the_defaults_of_fabrics_code(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.touch()

    core = load_core_yaml(path, {})

    assert (core.mspid, core.tls_enabled, core.bootstrap) == (None, False, ())
    assert (core.dial_timeout_s, core.conn_timeout_s) == (3.0, 2.0)
    assert (core.receive_buffer, core.send_buffer) == (20, 20)
    assert (core.keepalive_interval_s, core.keepalive_timeout_s) == (60.0, 20.0)
    assert core.max_message_bytes == 100 * 1024 * 1024
    assert {setting.source for setting in core.in_force} == {"default"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dialTimeout: 3s", "dialTimeout: 0s"),
        ("dialTimeout: 3s", "dialTimeout: ''"),
        ("connTimeout: 1500ms", "connTimeout: 0"),
        ("connTimeout: 1500ms", 'connTimeout: ""'),
    ],
)
@pytest.mark.parametrize("size", ["0", "''"])
def test_zero_and_nothing_mean_the_default(tmp_path: Path, old: str, new: str, size: str) -> None:
    core = load_core_yaml(write_core_yaml(tmp_path, (old, new), ("sendBuffSize: 200", f"sendBuffSize: {size}")), {})

    assert core.send_buffer == 20
    assert core.dial_timeout_s == 3.0
    assert core.conn_timeout_s == (2.0 if "conn" in new else 1.5)
    assert source_of(core.file or Path(), "peer.gossip.sendBuffSize") == ("20", "default")


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ("dialTimeout: 3s", "dialTimeout: 3 seconds", "peer.gossip.dialTimeout", "'3 seconds' is not a duration"),
        ("dialTimeout: 3s", "dialTimeout: 3", "peer.gossip.dialTimeout", "'3' has no unit: write 3s"),
        ("dialTimeout: 3s", "dialTimeout: -3s", "peer.gossip.dialTimeout", "negative"),
        ("dialTimeout: 3s", "dialTimeout: [3s]", "peer.gossip.dialTimeout", "not a list"),
        ("dialTimeout: 3s", "dialTimeout: {a: b}", "peer.gossip.dialTimeout", "not keys below it"),
        ("sendBuffSize: 200", "sendBuffSize: many", "peer.gossip.sendBuffSize", "expected a whole number"),
        ("sendBuffSize: 200", "sendBuffSize: -1", "peer.gossip.sendBuffSize", "expected a whole number"),
        ("enabled: true", "enabled: 'yes'", "peer.tls.enabled", "expected true or false, not 'yes'"),
        ("sendBuffSize: 200", "sendBuffSize: '08'", "peer.gossip.sendBuffSize", "expected a whole number"),
        ("sendBuffSize: 200", "sendBuffSize: '1e3'", "peer.gossip.sendBuffSize", "expected a whole number"),
        ("sendBuffSize: 200", "sendBuffSize: 1.5", "peer.gossip.sendBuffSize", "expected a whole number"),
        ("enabled: true", "enabled: 1.0", "peer.tls.enabled", "not a number with a point or an exponent"),
        ("localMspId: Org1MSP", "localMspId: !!binary QQ==", "peer.localMspId", "not !!binary"),
        ("localMspId: Org1MSP", 'localMspId: "Org1\\0MSP"', "peer.localMspId", "'Org1\\x00MSP' is no text"),
        ("localMspId: Org1MSP", "localMspId: [a, b]", "peer.localMspId", "not a list"),
        ("mspConfigPath: msp", "mspConfigPath: {a: b}", "peer.mspConfigPath", "not keys below it"),
        ("  keepalive:\n    interval: 7200s", "  x:\n    interval: 7200s", "", ""),
    ],
)
def test_a_wrong_value_is_named_with_key_and_line(tmp_path: Path, old: str, new: str, key: str, what: str) -> None:
    path = write_core_yaml(tmp_path, (old, new))

    if not key:  # unknown keys are nobody's business
        assert load_core_yaml(path, {}).keepalive_interval_s == 60.0
        return
    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(path, {})

    assert refusal.value.path == f"{path}:{line_of(path.read_text(), new)}"
    assert f"{key}: " in str(refusal.value)
    assert what in str(refusal.value)


@pytest.mark.parametrize(
    ("word", "truth"), [("yes", True), ("On", True), ("y", True), ("no", False), ("OFF", False), ("N", False)]
)
def test_truth_is_written_in_words_as_yaml_has_them(tmp_path: Path, word: str, truth: bool) -> None:
    path = write_core_yaml(tmp_path, ("enabled: true", f"enabled: {word}"))

    assert load_core_yaml(path, {}).tls_enabled is truth
    with pytest.raises(ConfigurationError, match="expected true or false"):
        load_core_yaml(path, {"CORE_PEER_TLS_ENABLED": word})  # viper reads these as texts, and takes them for false


@pytest.mark.parametrize(
    ("number", "value"),
    [("010", 8), ("0o17", 15), ("0x10", 16), ("0b11", 3), ("1_000", 1000), ("'010'", 8), ("0", 20), ("+20", 20)],
)
def test_numbers_are_read_as_go_reads_them(tmp_path: Path, number: str, value: int) -> None:
    path = write_core_yaml(tmp_path, ("sendBuffSize: 200", f"sendBuffSize: {number}"))

    assert load_core_yaml(path, {}).send_buffer == value
    assert load_core_yaml(path, {"CORE_PEER_GOSSIP_SENDBUFFSIZE": number.strip("'")}).send_buffer == value


@pytest.mark.parametrize(("number", "value"), [("08", 8), ("1e3", 1000), ("1__0", 10), ("20.0", 20)])
def test_numbers_that_only_yaml_knows_count_in_the_file(tmp_path: Path, number: str, value: int) -> None:
    path = write_core_yaml(tmp_path, ("sendBuffSize: 200", f"sendBuffSize: {number}"))

    assert load_core_yaml(path, {}).send_buffer == value
    with pytest.raises(ConfigurationError, match="expected a whole number"):
        load_core_yaml(path, {"CORE_PEER_GOSSIP_SENDBUFFSIZE": number})


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("010", "8"),
        ("0x1F", "31"),
        ("-0b11", "-3"),
        ("1_000", "1000"),
        ("0xffffffffffffffff", "18446744073709551615"),
        ("18446744073709551616", "18446744073709552000"),
        ("7.10", "7.1"),
        ("1e3", "1000"),
        ("1e-7", "0.0000001"),
        (".5", "0.5"),
        ("08", "8"),
        ("yes", "true"),
        ("1e400", "1e400"),
        ("_1", "_1"),
        ("0xg", "0xg"),
        ("1:30", "1:30"),
        ("2001-12-14", "2001-12-14"),
        ("'010'", "010"),
        ("!!str 010", "010"),
        ("!!str yes", "yes"),
        ("'yes'", "yes"),
    ],
)
def test_a_number_where_a_text_is_wanted_is_written_as_go_writes_it(tmp_path: Path, written: str, text: str) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(
        f"peer:\n  localMspId: {written}\n  mspConfigPath: {written}\n  gossip:\n    bootstrap: [{written}, ~]\n"
    )

    core = load_core_yaml(path, {})

    assert (core.mspid, core.msp_dir, core.bootstrap) == (text, tmp_path / text, (text, ""))


def test_a_key_with_dots_counts_and_the_longest_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(
        "peer.gossip.dialTimeout: 7s\n"
        "peer.gossip: {connTimeout: 5s}\n"
        "peer:\n"
        "  tls.enabled: true\n"
        "  gossip: {dialTimeout: 1s, connTimeout: 1s, sendBuffSize: 9}\n"
    )

    core = load_core_yaml(path, {})

    assert (core.dial_timeout_s, core.conn_timeout_s, core.send_buffer, core.tls_enabled) == (7.0, 5.0, 9, True)
    assert source_of(path, "peer.gossip.dialTimeout") == ("7s", f"{path}:1")


def test_a_value_where_keys_belong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text("peer:\n  gossip: on\n")

    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(path, {})

    assert str(refusal.value) == f"{path}:2: peer.gossip: expected keys below it"


@pytest.mark.parametrize(
    "text",
    [
        "peer:\n  localMspId:\tA\n",
        "peer:\t# tab\n  localMspId: A\t\n  address: x",
        "peer:\n  localMspId: A\t# tab\n",
        "peer:\n  localMspId: 'A'\t# tab\n",
        "peer: {\n\tlocalMspId:\tA\t}\n",
    ],
)
def test_tabs_are_blanks_where_they_do_not_indent(text: str, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(text)

    assert load_core_yaml(path, {}).mspid == "A"


@pytest.mark.parametrize(("text", "value"), [("a\tb", "a\tb"), ("a \t\n    b", "a b")])
def test_a_tab_within_a_text_is_part_of_it_unless_the_line_ends(text: str, value: str, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(f"peer:\n  address: {text}\n")

    assert load_core_yaml(path, {}).address == value


@pytest.mark.parametrize("text", ["peer:\n\tlocalMspId: A\n", "peer:\n  gossip:\n    bootstrap:\n      -\ta: b\n"])
def test_a_tab_that_indents_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(text)

    with pytest.raises(ConfigurationError, match="cannot start any token") as refusal:
        load_core_yaml(path, {})

    assert refusal.value.path == f"{path}:{text[: text.index(chr(9))].count(chr(10)) + 1}"


def test_an_anchor_counts_until_the_next_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text("peer:\n  localMspId: &a A\n  address: *a\n  listenAddress: &a B\n  mspConfigPath: *a\n")

    core = load_core_yaml(path, {})

    assert (core.mspid, core.address, core.listen_address, core.msp_dir) == ("A", "A", "B", tmp_path / "B")


@pytest.mark.parametrize("directive", ["%YAML 1.1", "%TAG ! tag:x,2000:"])
def test_directives_that_go_knows_are_read(directive: str, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(f"{directive}\n---\npeer: {{localMspId: A}}\n")

    assert load_core_yaml(path, {}).mspid == "A"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"%YAML 1.2\n---\npeer:\n", ":1"),
        (b"%FOO\n---\npeer:\n", ":1"),
        (b"peer: [", ":1"),
        (b"peer:\n  a: b\n c: d\n", ":3"),
        (b"\xff\xfe\xff", ":1"),
        (b"- " * 3000, ":1"),
        (b"\n" + b"[" * 100_000, ":2"),
        (b"a: 1\n" * 300_000, ""),
    ],
    ids=["version", "directive", "open", "indented", "not text", "deep", "brackets", "large"],
)
def test_what_is_not_yaml_is_named(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "core.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError, match="is not YAML") as refusal:
        load_core_yaml(path, {})

    assert refusal.value.path == f"{path}{place}"


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(tmp_path / "none.yaml", {})

    assert str(refusal.value) == f"{tmp_path / 'none.yaml'}: cannot be read: No such file or directory"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path)
    environ = {
        "CORE_PEER_GOSSIP_DIALTIMEOUT": "250ms",
        "CORE_PEER_MSPCONFIGPATH": "other/msp",
        "CORE_PEER_TLS_CLIENTROOTCAS_FILES": "a.pem /b.pem",
        "CORE_PEER_TLS_CLIENTAUTHREQUIRED": "TRUE",
        "CORE_PEER_LOCALMSPID": "",
    }

    core = load_core_yaml(path, environ)

    assert (core.dial_timeout_s, core.client_auth_required, core.mspid) == (0.25, True, "Org1MSP")
    assert core.msp_dir == tmp_path / "other/msp"
    assert core.tls_roots == (tmp_path / "tls/ca.crt", tmp_path / "a.pem", Path("/b.pem"))
    assert source_of(path, "peer.gossip.dialTimeout", environ) == ("0.25s", "CORE_PEER_GOSSIP_DIALTIMEOUT")


@pytest.mark.parametrize("environ", [{}, {"CORE_PEER_MSPCONFIGPATH": "../msp"}])
def test_a_path_up_is_taken_from_the_name_of_the_folder_and_not_from_where_a_link_leads(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "releases/2").mkdir(parents=True)
    (tmp_path / "conf").symlink_to("releases/2")
    path = write_core_yaml(
        tmp_path / "conf",
        ("mspConfigPath: msp", "mspConfigPath: a/../../msp"),
        ("file: tls/server.crt", "file: /a/../b"),
    )

    core = load_core_yaml(path, environ, {"peer.tls.key.file": Given("a/../b", "--tls-key")})

    assert (core.msp_dir, core.tls_cert, core.tls_key) == (tmp_path / "msp", Path("/a/../b"), Path("a/../b"))


@pytest.mark.parametrize("item", ["~", "''"])
def test_a_ca_without_a_name_is_refused(item: str, tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path, ("        - tls/ca.crt", f"        - {item}"))

    with pytest.raises(ConfigurationError, match=r"peer\.tls\.clientRootCAs\.files: expected paths, and one is empty$"):
        load_core_yaml(path, {})


def test_what_is_merged_in_counts_where_it_is_written(tmp_path: Path) -> None:
    """Go's yaml.v2 lets a merge replace what stands before it, unlike YAML's own rules."""
    path = tmp_path / "core.yaml"
    path.write_text(
        "first: &first {dialTimeout: 1s, connTimeout: 1s, endpoint: }\n"
        "second: &second {<<: *first, connTimeout: 2s, recvBuffSize: 5}\n"
        "peer:\n"
        "  gossip:\n"
        "    connTimeout: 3s\n"
        "    endpoint: here\n"
        "    <<: [*second, *first]\n"
        "    recvBuffSize: 6\n"
    )

    core = load_core_yaml(path, {})

    assert (core.conn_timeout_s, core.dial_timeout_s, core.receive_buffer, core.endpoint) == (2.0, 1.0, 6, None)
    assert source_of(path, "peer.gossip.dialTimeout") == ("1s", f"{path}:1")


@pytest.mark.parametrize(
    ("text", "enabled"),
    [
        ("peer: {tls.enabled: ~, tls: {enabled: true}}", False),
        ("peer.tls: {enabled: }\npeer: {tls: {enabled: true}}", True),
        ("peer.tls:\npeer: {tls: {enabled: true}}", True),
        ("peer.tls.enabled:\npeer: {tls: {enabled: true}}", False),
        ("peer: {tls: {enabled: true}}\npeer:", False),
    ],
)
def test_null_hides_only_what_stands_beside_it(text: str, enabled: bool, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(text)

    assert load_core_yaml(path, {}).tls_enabled is enabled


@pytest.mark.parametrize("text", ["---\n", "~", "# nothing\n"])
def test_a_file_of_nothing_sets_nothing(text: str, tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text(text)

    assert {setting.source for setting in load_core_yaml(path, {}).in_force} == {"default"}


def test_a_file_that_has_no_keys_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_text("- peer\n")

    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(path, {})

    assert str(refusal.value) == f"{path}:1: expected keys, such as peer:"


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(write_core_yaml(tmp_path), {"CORE_PEER_TLS_ENABLED": "maybe"})

    assert str(refusal.value) == "CORE_PEER_TLS_ENABLED: peer.tls.enabled: expected true or false, not 'maybe'"


@pytest.mark.parametrize(
    ("variable", "section", "key"),
    [
        ("CORE_PEER", "peer", "peer.tls.clientAuthRequired"),
        ("CORE_PEER_TLS", "peer.tls", "peer.tls.clientAuthRequired"),
        ("CORE_PEER_TLS_CERT", "peer.tls.cert", "peer.tls.cert.file"),
    ],
)
def test_a_variable_that_hides_a_section_of_the_file_is_named(
    variable: str, section: str, key: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_core_yaml(write_core_yaml(tmp_path), {variable: "x"})

    assert str(refusal.value) == (
        f"{variable}: {section}: expected no value for the section, which hides {key} of the file from a Fabric peer"
    )


def test_a_variable_of_a_section_harms_nothing_that_other_variables_say(tmp_path: Path) -> None:
    environ = {"CORE_PEER_TLS_CERT": "x", "CORE_PEER_TLS_CERT_FILE": "cert.pem", "CORE_PEER_TLS_CLIENTCERT": "x"}

    assert load_core_yaml(write_core_yaml(tmp_path), environ).tls_cert == tmp_path / "cert.pem"


def test_options_win_over_the_environment(tmp_path: Path) -> None:
    path = write_core_yaml(tmp_path)
    options = {"peer.localMspId": Given("Org9MSP", "--mspid"), "peer.mspConfigPath": Given("here/msp", "--msp-dir")}

    core = load_core_yaml(path, {"CORE_PEER_LOCALMSPID": "Org8MSP"}, options)

    assert (core.mspid, core.msp_dir) == ("Org9MSP", Path("here/msp"))
    assert core.peer_settings().sources["peer.localMspId"] == "--mspid"


def test_without_a_file_buffers_are_those_of_the_library() -> None:
    core = load_core_yaml(None, {})

    assert (core.send_buffer, core.receive_buffer) == (200, 256)


def test_arguments_that_are_no_mappings_are_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^environ must be a Mapping, not None$"):
        load_core_yaml(None, None)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"^organizations must be a Mapping or None, not 'Org1MSP=msp'$"):
        load_core_yaml(None, {}).peer_settings("Org1MSP=msp")  # type: ignore[arg-type]


def test_an_argument_of_another_kind_within_a_mapping_is_named(tmp_path: Path) -> None:
    core = load_core_yaml(write_core_yaml(tmp_path), {})
    assert core.tls_enabled
    with pytest.raises(ConfigurationError, match=r"^organizations\['Org2MSP'\] must be a pathlib.Path, not 'msp'$"):
        core.peer_settings({"Org2MSP": "msp"})  # type: ignore[dict-item]  # on purpose
    with pytest.raises(ConfigurationError, match=r"^options\['peer.gossip.dialTimeout'\] must be a Given, not '3s'$"):
        load_core_yaml(None, {}, {"peer.gossip.dialTimeout": "3s"})  # type: ignore[dict-item]  # on purpose


def test_client_certificates_are_not_asked_for_without_tls(tmp_path: Path) -> None:
    path = write_core_yaml(
        tmp_path, ("enabled: true", "enabled: false"), ("clientAuthRequired: false", "clientAuthRequired: true")
    )
    core = load_core_yaml(path, {})
    assert core.client_auth_required
    assert not core.peer_settings().require_client_certificate


def test_variables_are_named_as_fabric_names_them() -> None:
    assert environment_variable("peer.gossip.dialTimeout") == "CORE_PEER_GOSSIP_DIALTIMEOUT"
    assert environment_variable("peer.tls.clientRootCAs.files") == "CORE_PEER_TLS_CLIENTROOTCAS_FILES"


def test_the_folder_of_the_environment(tmp_path: Path) -> None:
    assert find_core_yaml({}) is None
    assert find_core_yaml({"FABRIC_CFG_PATH": str(tmp_path)}) is None
    path = write_core_yaml(tmp_path)
    assert find_core_yaml({"FABRIC_CFG_PATH": str(tmp_path)}) == path


def test_a_folder_of_the_environment_that_cannot_be_looked_into_is_named() -> None:
    folder = "/" + 300 * "x"  # also to root
    with pytest.raises(ConfigurationError, match=r"^/x{300}/core\.yaml: cannot be accessed: File name too long$"):
        find_core_yaml({"FABRIC_CFG_PATH": folder})


def test_of_a_key_that_stands_twice_the_last_counts_and_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where a whole section does, whose first half nobody reads then; other programs' sections may."""
    path = tmp_path / "core.yaml"
    path.write_text(
        "peer:\n  localMspId: Org1MSP\nvm:\n  a: 1\n  a: 2\nPeer:\n  mspConfigPath: old\n  mspConfigPath: new\n"
    )

    core = load_core_yaml(path, {})

    assert (core.mspid, core.msp_dir) == (None, tmp_path / "new")
    assert [record.message for record in caplog.records] == [
        f"{path}:6: Peer stands there again, and what line 1 has of it is ignored",
        f"{path}:8: Peer.mspConfigPath stands there again, and what line 7 has of it is ignored",
    ]


def test_blanks_around_an_mspid_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_core_yaml(tmp_path, ("localMspId: Org1MSP", 'localMspId: "Org1MSP "'))

    assert load_core_yaml(path, {}).mspid == "Org1MSP"
    assert caplog.messages == [
        f"{path}:7: peer.localMspId has blanks around it, which a Fabric peer would not leave out"
    ]


def test_line_ends_of_windows_in_variables_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = ("peer.mspConfigPath", "peer.tls.enabled", "peer.tls.cert.file", "peer.gossip.dialTimeout")
    values = ("msp\r", "true\r", "tls/server.crt\r", "3s\r")
    core = load_core_yaml(write_core_yaml(tmp_path), dict(zip(map(environment_variable, keys), values, strict=True)))
    assert (core.msp_dir, core.tls_enabled, core.dial_timeout_s) == (tmp_path / "msp", True, 3.0)
    assert sorted(caplog.messages) == sorted(
        f"{environment_variable(key)}: {key} has blanks around it, which a Fabric peer would not leave out"
        for key in keys
    )


def test_bytes_that_are_no_characters_are_refused_in_a_variable(tmp_path: Path) -> None:
    variable = environment_variable("peer.localMspId")
    with pytest.raises(ConfigurationError, match=rf"^{variable}: peer.localMspId: 'Org1\\udcff' is not text"):
        load_core_yaml(write_core_yaml(tmp_path), {variable: os.fsdecode(b"Org1\xff")})


@pytest.mark.parametrize("key", ["peer.tls.key.file", "peer.mspConfigPath", "peer.gossip.bootstrap", "peer.localMspId"])
def test_a_key_in_place_of_its_file_is_refused_and_not_shown(key: str, tmp_path: Path) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----\n"
    variable = environment_variable(key)
    with pytest.raises(ConfigurationError, match=rf"^{variable}: {key}: holds a key or a certificate itself") as caught:
        load_core_yaml(write_core_yaml(tmp_path), {variable: pem})
    assert "MIGH" not in str(caught.value)
