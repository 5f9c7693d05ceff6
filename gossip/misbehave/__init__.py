"""A peer that misbehaves, one fault at a time: to test this implementation, and for operators to try their own network.

Each fault is a small function in the file of its layer, registered with what it does and the outcome that is right.
"""
