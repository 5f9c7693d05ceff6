"""What docs/test-network.md takes for granted: the folder of Fabric's test-network, and a peer of its Org2."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.documents import Block
from tests.support.terminal import Terminal

SERVE = """
gossip crypto --out organizations --org Org1:2 --org Org2
ORGS=organizations/peerOrganizations
PEER=$ORGS/org2.example.com/peers/peer0.org2.example.com
gossip serve --listen localhost:9051 --mspid Org2MSP --msp-dir $PEER/msp \\
  --tls-cert $PEER/tls/server.crt --tls-key $PEER/tls/server.key --tls-ca $PEER/tls/ca.crt \\
  --org Org1MSP=$ORGS/org1.example.com/msp --ack
"""


@contextmanager
def running_test_network(terminal: Terminal) -> Iterator[None]:
    """Make the folder in cryptogen's layout, as test-network does, and let a peer of Org2 listen at localhost:9051."""
    terminal.run(Block("sh", SERVE, 0))
    yield
