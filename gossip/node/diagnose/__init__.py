"""Why two peers do not reach or trust each other: facts are collected from the network, then judged without it."""
