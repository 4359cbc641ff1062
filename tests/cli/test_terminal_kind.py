"""Which terminals get which pictures: asked at the other end of a pty."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inkdigits.cli.terminal_kind import TerminalKind, find_terminal_kind
from inkdigits.datasets.mnist import load_test
from tests.cli.pty_terminal import Terminal, preview, sixels_in

ATTRIBUTES, REGISTERS = b"\033[c", b"\033[?1;1;0S"
SIXEL = b"\033[?62;4;22c"
UPPER_HALF = "\u2580".encode()


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    Image.fromarray(load_test().images[0]).save(path)
    return path


def _asked(monkeypatch: pytest.MonkeyPatch, answers: dict[bytes, bytes], term: str) -> tuple[TerminalKind, bytes]:
    with Terminal(answers) as terminal, os.fdopen(os.dup(terminal.end), "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        kind = find_terminal_kind({"TERM": term})
        monkeypatch.undo()
    return kind, bytes(terminal.screen)


def test_a_terminal_with_sixel_shows_the_annotated_picture(seven: Path) -> None:
    screen = preview(seven, {ATTRIBUTES: SIXEL, REGISTERS: b"\033[?1;0;16S"})
    shown = sixels_in(screen)
    assert 2 < len(np.unique(shown.reshape(-1, 3), axis=0)) <= 16
    assert shown.shape[1] >= 280
    assert UPPER_HALF not in screen


@pytest.mark.parametrize(
    ("registers", "colours"), [(b"\033[?1;0;16S", 16), (b"\033[?1;0;1024S", 256), (b"\033[?1;3S", 256), (b"", 256)]
)
def test_a_terminal_says_how_many_colours_it_has(
    monkeypatch: pytest.MonkeyPatch, registers: bytes, colours: int
) -> None:
    answers = {ATTRIBUTES: SIXEL, **({REGISTERS: registers} if registers else {})}
    kind, screen = _asked(monkeypatch, answers, "xterm")
    assert (kind, screen) == (TerminalKind("sixel", colours), ATTRIBUTES + REGISTERS)


@pytest.mark.parametrize(
    ("answer", "term"),
    [(b"\033[?62;22;44c", "xterm-256color"), (b"\033[?6c", "linux"), (b"", "vt52"), (b"~garbage~", "xterm")],
)
def test_others_are_sent_the_one_question_and_get_text(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, term: str
) -> None:
    kind, screen = _asked(monkeypatch, {ATTRIBUTES: answer} if answer else {}, term)
    assert (kind.shows, screen) == ("text", ATTRIBUTES)


def test_what_cannot_answer_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    kind, screen = _asked(monkeypatch, {}, "dumb")
    assert (kind.shows, screen) == ("text", b"")
    assert find_terminal_kind({"TERM": "xterm"}).shows == "text"  # stderr is no terminal here


def test_a_background_job_does_not_ask_and_is_not_stopped(seven: Path) -> None:
    in_background = ("setsid", "--ctty", "--wait", "bash", "-mc", '"$@" & wait $!', "bash")
    screen = preview(seven, {ATTRIBUTES: SIXEL}, *in_background)
    assert ATTRIBUTES not in screen
    assert screen.count(UPPER_HALF) > 1000


def test_inside_tmux_the_outer_terminal_is_not_meant() -> None:
    assert find_terminal_kind({"KITTY_WINDOW_ID": "1", "TERM": "xterm-kitty"}).shows == "kitty"
    assert find_terminal_kind({"TERM_PROGRAM": "WezTerm"}).shows == "iterm"
    for session in ("TMUX", "STY"):
        assert find_terminal_kind({"KITTY_WINDOW_ID": "1", session: "1", "TERM": "dumb"}).shows == "text"
