"""``gossip diagnose``: how what `gossip.node.diagnose` finds is asked for and shown."""
