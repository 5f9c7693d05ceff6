"""``python -m gossip`` is the command ``gossip``."""

from gossip.cli.main import run

if __name__ == "__main__":
    run()
