"""Authenticated connections: how they come about, what they carry, which of two stays, and how they end."""
