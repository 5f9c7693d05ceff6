"""Sending, with and without acknowledgement."""
