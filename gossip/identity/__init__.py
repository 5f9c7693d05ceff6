"""The identity mapper: who is who, for how long."""
