"""Messages, broken and bent, against Google's protobuf."""

from random import Random

from tests.support.codec_fuzz import compare, corpus
from tests.support.wire_mutations import mutate


class Codec:
    """Both must say the same of every message, and write it the same way again."""

    def __init__(self) -> None:
        self._seeds = corpus()

    def close(self) -> None:
        """Hold nothing."""

    def try_one(self, random: Random) -> str:
        name, data = random.choice(self._seeds)
        for _ in range(random.randrange(1, 5)):
            data = mutate(data, random)
        return compare(name, data, with_json=random.random() < 0.05)
