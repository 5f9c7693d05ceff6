"""The handshake, from the dial to the verdict."""
