"""Handshake, connections, acknowledgements, subscriptions."""
