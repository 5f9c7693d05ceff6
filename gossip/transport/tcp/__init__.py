"""TCP: looking up names, sockets that listen, and reading in turns."""
