"""Reads a Fabric peer's core.yaml, with the variables of the environment that stand above it."""

import logging
from collections.abc import Mapping
from pathlib import Path

from gossip.api.options import DialOptions
from gossip.checks import check_kind, check_path
from gossip.comm.config import CommConfig
from gossip.errors import ConfigurationError
from gossip.node.core_gaps import find_gaps
from gossip.node.core_settings import CoreSettings
from gossip.node.setting_layers import Given, Layers
from gossip.node.yaml_values import YamlFile
from gossip.paths import is_file

logger = logging.getLogger("peer.gossip")

CLIENT_ROOTS = "peer.tls.clientRootCAs.files"
CONFIG_FOLDER_VARIABLE = "FABRIC_CFG_PATH"
CONFIG_FILE = "core.yaml"

UNSAID = CommConfig(send_buffer=20, subscription_buffer=20)
"""Fabric's buffers where its file does not say; the file that Fabric ships says 200 for sending."""


def find_core_yaml(environ: Mapping[str, str]) -> Path | None:
    """The core.yaml in the folder that ``FABRIC_CFG_PATH`` names; None without the variable or the file.

    Raises:
        ConfigurationError: Nobody can say whether it is there.
    """
    folder = environ.get(CONFIG_FOLDER_VARIABLE)
    if not folder:
        return None
    path = Path(folder) / CONFIG_FILE
    try:
        return path if is_file(path) else None
    except OSError as error:
        raise ConfigurationError(f"cannot be accessed: {error.strerror}", path=str(path)) from error


def load_core_yaml(
    path: Path | None, environ: Mapping[str, str], options: Mapping[str, Given] | None = None
) -> CoreSettings:
    """Read the settings; keys that gossip's communication has no use for are passed over.

    Args:
        path: The file; None for none, whose place the variables and options then take alone.
        environ: Holds ``CORE_PEER_GOSSIP_DIALTIMEOUT`` and so on, which win over the file.
        options: Values by Fabric's key that win over both, each with the place that it comes from.

    Raises:
        ConfigurationError: The file cannot be read, or a value is not what it must be; names key and line, or variable.

    Mirrors: internal/peer/common, InitConfig; core/config, TranslatePath; gossip/gossip/config.go.
    """
    if path is not None:
        check_path("path", path)
    check_kind("environ", environ, Mapping)
    file = YamlFile(path) if path is not None else None
    if file is not None:
        _warn_of_repeated_keys(file)
    layers = Layers(file, environ, options or {})
    dial, comm = DialOptions(), CommConfig() if file is None else UNSAID
    client_auth_required = layers.flag("peer.tls.clientAuthRequired")
    return CoreSettings(
        mspid=layers.text("peer.localMspId"),
        msp_dir=layers.path("peer.mspConfigPath"),
        address=layers.text("peer.address"),
        listen_address=layers.text("peer.listenAddress"),
        tls_enabled=layers.flag("peer.tls.enabled"),
        client_auth_required=client_auth_required,
        tls_cert=layers.path("peer.tls.cert.file"),
        tls_key=layers.path("peer.tls.key.file"),
        tls_client_cert=layers.path("peer.tls.clientCert.file"),
        tls_client_key=layers.path("peer.tls.clientKey.file"),
        tls_roots=_tls_roots(layers, must_exist=client_auth_required or CLIENT_ROOTS in (options or {})),
        bootstrap=layers.texts("peer.gossip.bootstrap"),
        endpoint=layers.text("peer.gossip.endpoint"),
        external_endpoint=layers.text("peer.gossip.externalEndpoint"),
        dial_timeout_s=layers.duration_s("peer.gossip.dialTimeout", dial.dial_timeout_s),
        conn_timeout_s=layers.duration_s("peer.gossip.connTimeout", comm.conn_timeout_s),
        receive_buffer=layers.count("peer.gossip.recvBuffSize", comm.subscription_buffer),
        send_buffer=layers.count("peer.gossip.sendBuffSize", comm.send_buffer),
        keepalive_interval_s=layers.duration_s("peer.keepalive.client.interval", dial.keepalive_interval_s),
        keepalive_timeout_s=layers.duration_s("peer.keepalive.client.timeout", dial.keepalive_timeout_s),
        max_message_bytes=layers.count("peer.maxRecvMsgSize", comm.max_message_bytes),
        in_force=tuple(layers.asked_for),
        file=path,
        gaps=find_gaps(file) if file is not None else {},
    )


def _warn_of_repeated_keys(file: YamlFile) -> None:
    for key, line, hidden in file.repeated():
        if f"{key}.".lower().startswith("peer."):
            logger.warning(
                "%s: %s stands there again, and what line %d has of it is ignored", file.place(line), key, hidden
            )


def _tls_roots(layers: Layers, *, must_exist: bool) -> tuple[Path, ...]:
    """The TLS CAs that are named; a Fabric peer reads those of clients only where it requires client certificates."""
    root = layers.path("peer.tls.rootcert.file")
    more = layers.paths(CLIENT_ROOTS)
    there = tuple(path for path in more if must_exist or path == root or _is_there(path))
    return there if root is None else (root, *there)


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        logger.warning("%s, which %s names, is ignored: %s", path, CLIENT_ROOTS, error.strerror)
        return False
    return True
