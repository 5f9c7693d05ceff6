"""What to do about faults that several stages have."""

ALLOW_READING = "let the peer's user read it: chmod and chown, also of the folders above"
"""As ``gossip msp check`` says of a file or folder that may not be read."""
