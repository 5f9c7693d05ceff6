"""Attacks a peer of ours at full strength, measures what that does to it and to an honest peer, and writes it down.

``make attack`` runs it; everything stays on loopback.
"""
