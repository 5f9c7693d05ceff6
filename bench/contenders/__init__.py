"""One way a file to carry gossip's envelopes between two processes."""
