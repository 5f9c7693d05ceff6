"""A core.yaml in the shape that Fabric's has, with keys that gossip's communication has no use for."""

from pathlib import Path

TEXT = """\
# How this peer runs
peer:
  id: peer0.org1
  networkId: dev
  listenAddress: 127.0.0.1:7051
  address: peer0.org1.example.com:7051
  localMspId: Org1MSP
  mspConfigPath: msp
  fileSystemPath: /var/hyperledger/production
  BCCSP:
    Default: SW
    SW:
      Hash: SHA2
      Security: 256
  gossip:
    bootstrap:
      - 127.0.0.1:7051
      - 127.0.0.1:8051
    useLeaderElection: false
    endpoint:
    externalEndpoint: peer0.org1.example.com:7051
    dialTimeout: 3s
    connTimeout: 1500ms
    recvBuffSize: 30
    sendBuffSize: 200
    pvtData:
      pullRetryThreshold: 60s
  tls:
    enabled: true
    clientAuthRequired: false
    cert:
      file: tls/server.crt
    key:
      file: tls/server.key
    rootcert:
      file: tls/ca.crt
    clientRootCAs:
      files:
        - tls/ca.crt
    clientKey:
      file:
    clientCert:
      file:
  keepalive:
    interval: 7200s
    timeout: 20s
    minInterval: 60s
    client:
      interval: 1m30s
      timeout: 20s
ledger:
  state:
    stateDatabase: goleveldb
"""


def line_of(text: str, fragment: str) -> int:
    """The number of the one line that holds ``fragment``."""
    (line,) = [number for number, line in enumerate(text.splitlines(), 1) if fragment in line]
    return line


def write_core_yaml(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the file into ``folder``, with fragments replaced."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "core.yaml"
    path.write_text(text)
    return path
