"""Which pictures the terminal shows: known by its variables, or asked for.

Terminals are asked as DEC's VT100 was: `CSI c` is answered with the terminal's attributes, and 4 among them is sixel
(xterm's ctlseqs.txt, "Primary Device Attributes"). Of terminals with sixel alone the number of colours is asked
(XTSMGRAPHICS), since others might show that question.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["TerminalKind", "find_terminal_kind"]

_ANSWER_SECONDS = 1.0  # a terminal at the end of a slow connection takes some tenths of that
_ATTRIBUTES = re.compile(rb"\033\[\?([\d;]*)c")
_REGISTERS = re.compile(rb"\033\[\?1;0;(\d+)S")
_NO_REGISTERS = re.compile(rb"\033\[\?1;[1-3](;\d*)*S")
_SIXEL = b"4"
_MAX_COLOURS = 256


@dataclass(frozen=True)
class TerminalKind:
    """How to show a picture; `colours` is how many a sixel picture may have."""

    shows: Literal["kitty", "iterm", "sixel", "text"]
    colours: int = _MAX_COLOURS


def find_terminal_kind(environment: Mapping[str, str] = os.environ) -> TerminalKind:
    """The kind of the terminal that stderr is."""
    # tmux and screen keep the variables of the terminal that they run in, and show no picture but what they answer for.
    if not (environment.get("TMUX") or environment.get("STY")):
        if environment.get("KITTY_WINDOW_ID") or "kitty" in environment.get("TERM", ""):
            return TerminalKind("kitty")
        if environment.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm"):
            return TerminalKind("iterm")
    if environment.get("TERM", "dumb") == "dumb" or not sys.stderr.isatty():
        return TerminalKind("text")
    return _asked(sys.stderr.fileno())


def _asked(stderr: int) -> TerminalKind:
    """What the terminal answers; text where it does not, or where this process may not ask."""
    try:
        import termios

        terminal = os.open(os.ttyname(stderr), os.O_RDWR | os.O_NOCTTY)
    except (ImportError, OSError):  # Windows; a terminal that was closed or belongs to another user
        return TerminalKind("text")
    try:
        return _kind(terminal) if _in_foreground(terminal) else TerminalKind("text")
    except (OSError, termios.error):
        return TerminalKind("text")
    finally:
        os.close(terminal)


def _in_foreground(terminal: int) -> bool:
    """Whether this process may change the terminal: the system stops a background job that does."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # not the terminal that controls this process
        return True


def _kind(terminal: int) -> TerminalKind:
    import termios

    kept = termios.tcgetattr(terminal)
    quiet = termios.tcgetattr(terminal)
    quiet[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(terminal, termios.TCSADRAIN, quiet)
    try:
        attributes = _answer(terminal, b"\033[c", _ATTRIBUTES)
        if attributes is None or _SIXEL not in attributes[1].split(b";"):
            return TerminalKind("text")
        registers = _answer(terminal, b"\033[?1;1;0S", _REGISTERS, _NO_REGISTERS)
        found = int(registers[1]) if registers and registers.re is _REGISTERS else _MAX_COLOURS
        return TerminalKind("sixel", min(max(found, 2), _MAX_COLOURS))
    finally:
        # With what arrived too late: the shell would take it for typed.
        termios.tcsetattr(terminal, termios.TCSAFLUSH, kept)


def _answer(terminal: int, question: bytes, *forms: re.Pattern[bytes]) -> re.Match[bytes] | None:
    """The first answer of one of those forms, or None after a second without any."""
    os.write(terminal, question)
    received = b""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while (left := deadline - time.monotonic()) > 0 and select.select([terminal], [], [], left)[0]:
        received += os.read(terminal, 1024)
        for form in forms:
            if match := form.search(received):
                return match
    return None
