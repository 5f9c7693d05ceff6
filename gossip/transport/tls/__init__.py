"""TLS: contexts from files, the handshake step by step, records, and why it fails."""
