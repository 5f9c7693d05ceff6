"""Bytes to envelope to signed message, and back; pure. The one room that reads and writes the generated classes."""
