"""One question a file; each asks it of every contender in turn."""
