"""What a peer process of the demo is told, a line of JSON each: its settings first, and then orders."""

from typing import TypedDict


class Settings(TypedDict):
    """The first line."""

    mspid: str
    msp_dir: str
    tls_certificate: str
    tls_key: str
    tls_roots: list[str]
    organizations: dict[str, str]
    listen: str


class Target(TypedDict):
    """Another peer."""

    endpoint: str
    pki_id: str


class Order(TypedDict):
    """What to do; ``to`` holds one peer for a handshake and any number for a message."""

    id: int
    do: str
    to: list[Target]
