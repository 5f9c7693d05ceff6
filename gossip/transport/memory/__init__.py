"""A network in memory, in place of TLS over TCP: many peers in one process, and links that a test cuts."""

from gossip.transport.memory.network import MemoryNetwork

__all__ = ["MemoryNetwork"]
