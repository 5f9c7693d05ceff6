"""``gossip serve``: a peer that runs until it is told to stop, and tells what happens to it."""
