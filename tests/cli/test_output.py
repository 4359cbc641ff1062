"""Results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys

import pytest
import typer

from inkdigits.cli.output import (
    check_one_form,
    counted,
    csv_line,
    percent,
    print_json,
    print_status,
    print_table,
    shortened,
    status_printer,
    stoppable,
)
from inkdigits.errors import DataError


def test_numbers_and_texts() -> None:
    assert (counted(1, "epoch"), counted(2000, "epoch")) == ("1 epoch", "2,000 epochs")
    assert (percent(0.98765), percent(0.5, 0), percent(None)) == ("98.77 %", "50 %", "-")
    assert shortened("two  words\nmore", 20) == "two words more"
    assert shortened("two words more", 11) == "two words…"
    assert csv_line(["a,b", 1, 'say "c"']) == '"a,b",1,"say ""c"""'


def test_status_lines_go_to_stderr_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    print_status("one")
    status_printer(False)("two")
    status_printer(True)("three")
    print_json({"a": [1]})
    output, errors = capsys.readouterr()
    assert errors == "one\ntwo\n"
    assert json.loads(output) == {"a": [1]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json(float("nan"))


def test_both_formats_are_refused() -> None:
    check_one_form(True, False)
    with pytest.raises(DataError, match="--csv and --json: choose one of them"):
        check_one_form(True, True)


def test_an_interrupt_is_one_line_and_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores SIGINT
    try:
        with pytest.raises(typer.Exit) as ended, stoppable(lambda: "stopped; rerunning resumes"):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err == "inkdigits: stopped; rerunning resumes\n"


def test_a_table_in_a_pipe_has_room_for_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["run", "accuracy"], [["runs/" + "x" * 100, "98.50 %"]])
    assert "x" * 100 in capsys.readouterr().out


def test_a_narrow_terminal_wraps_names_and_no_numbers() -> None:
    code = (
        "from inkdigits.cli.output import print_table\n"
        "print_table(['run', *(f'figure {n}' for n in range(6))], [['runs/' + 'name-' * 20, *(['1,111,946'] * 6)]])"
    )
    ours, its = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stdout=its, env={**os.environ, "COLUMNS": "80"}, check=True)
    drawn = os.read(ours, 1 << 20).decode()
    os.close(its)
    os.close(ours)
    assert "…" not in drawn
    assert drawn.count("1,111,946") == 6
    assert drawn.count("a") == 20
