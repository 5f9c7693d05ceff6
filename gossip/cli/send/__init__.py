"""``gossip send``: data to peers, and how sending went."""
