"""HTTP/2: h2's connection with what it spends too much on replaced, and what a peer's frames cost."""
