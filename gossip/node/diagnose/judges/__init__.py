"""Facts in and causes out, stage by stage; no I/O."""
