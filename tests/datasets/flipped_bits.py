"""Files with flipped bits: what reading them says."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from inkdigits.errors import DataError


def messages_of_flipped_bits(path: Path, read: Callable[[Path], object]) -> list[str]:
    """The messages of `DataError` when `path` is read 150 times, each time with other bits flipped; at least one."""
    content = path.read_bytes()
    random_bits, messages = random.Random(path.suffix), []
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(random_bits.choice([1, 1, 3, 12])):
            # The first bytes say what the rest is, so damage there matters most.
            place = random_bits.randrange(random_bits.choice([len(content), min(len(content), 200)]))
            damaged[place] ^= 1 << random_bits.randrange(8)
        path.write_bytes(damaged)
        try:
            read(path)
        except DataError as error:
            messages.append(str(error))
    assert messages
    return messages
