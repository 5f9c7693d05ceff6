"""Carries frames between two peers: gRPC over mutual TLS, or a network in memory."""
