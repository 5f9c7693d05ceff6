"""How often a header block changes the size of its table. Spec: RFC 7541 sections 4.2, 5.1 and 6.3."""

MAX_UPDATES = 2
"""What a sender may have to say: the least that the size was, and what it is."""

_KIND, _UPDATE = 0b1110_0000, 0b0010_0000
_GOES_ON = 0b0001_1111
_MORE = 0b1000_0000


def has_too_many_updates(block: bytes) -> bool:
    """Whether it changes the size more often than there is a reason for; each change costs hpack a microsecond."""
    position = updates = 0
    while position < len(block) and block[position] & _KIND == _UPDATE and updates <= MAX_UPDATES:
        updates += 1
        is_long = block[position] & _GOES_ON == _GOES_ON
        position += 1
        while is_long and position < len(block):
            is_long = bool(block[position] & _MORE)
            position += 1
    return updates > MAX_UPDATES
