"""The gossip command."""
