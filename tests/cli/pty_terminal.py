"""A terminal at the other end of a pty, which answers as it is told, and reads sixels."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray


class Terminal:
    """A pty whose other end answers each question in `answers` once, and keeps what it was sent in `screen`."""

    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers, self.screen, self._stop = dict(answers), bytearray(), threading.Event()
        self._master, self.end = os.openpty()
        self._settings = termios.tcgetattr(self.end)
        self._thread = threading.Thread(target=self._show)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        kept = termios.tcgetattr(self.end) == self._settings
        os.close(self._master)
        os.close(self.end)
        assert kept, "the terminal was left with other settings"

    def _show(self) -> None:
        while not self._stop.is_set() or select.select([self._master], [], [], 0)[0]:
            if select.select([self._master], [], [], 0.05)[0]:
                self.screen.extend(os.read(self._master, 65536))
                for question in [one for one in self._answers if one in self.screen]:
                    os.write(self._master, self._answers.pop(question))


def preview(picture: Path, answers: Mapping[bytes, bytes], *command: str) -> bytes:
    """What a terminal is sent by `COMMAND... inkdigits read PICTURE --preview`."""
    unwanted = ("KITTY_WINDOW_ID", "TERM_PROGRAM", "TMUX", "STY")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    with Terminal(answers) as terminal:
        result = subprocess.run(
            [*command, sys.executable, "-m", "inkdigits", "read", str(picture), "--preview"],
            stdin=terminal.end,
            stdout=subprocess.PIPE,
            stderr=terminal.end,
            env={**environment, "TERM": "xterm"},
            start_new_session=True,
            timeout=120,
            check=True,
        )
    assert b" 7" in result.stdout
    return bytes(terminal.screen)


def sixels_in(screen: bytes) -> NDArray[np.uint8]:
    """The picture that a terminal would show, uint8 RGB, by the manual of the VT340."""
    found = re.search(rb'\033P[\d;]*q"1;1;(\d+);(\d+)(.*?)\033\\', screen, re.DOTALL)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    picture = np.zeros((-(-height // 6) * 6, width, 3), np.uint8)
    palette: dict[int, list[int]] = {}
    x = top = colour = 0
    for token in re.finditer(r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|([$-])", found[3].decode()):
        if token[1]:
            palette[int(token[1])] = [round(int(token[place]) * 2.55) for place in (2, 3, 4)]
        elif token[5]:
            colour = int(token[5])
        elif token[9]:
            x, top = 0, top + 6 * (token[9] == "-")
        else:
            length, bits = int(token[6] or 1), ord(token[7] or token[8]) - 63
            for row in range(6):
                if bits >> row & 1:
                    picture[top + row, x : x + length] = palette[colour]
            x += length
    return picture[:height]
