"""A class list: who is in the class, and who of them handed in nothing."""

from __future__ import annotations

import csv
import itertools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from inkdigits.errors import ExerciseError
from inkdigits.exercise.hand_ins import HandIn

__all__ = ["RosterEntry", "missing_students", "read_roster"]

_FIRST = re.compile(r"first|given|vorname|pr[ée]nom", re.IGNORECASE)
_LAST = re.compile(r"last|sur|family|nachname|^nom$", re.IGNORECASE)
_NAME = re.compile(r"name|student|nom|teilnehmer", re.IGNORECASE)


@dataclass(frozen=True)
class RosterEntry:
    """One student of the class; `keys` are the forms in which a platform may write the name, number or address."""

    student: str
    keys: frozenset[str]


def read_roster(path: Path) -> list[RosterEntry]:
    """The students of a CSV file with a header: a name in one column or two, and any numbers or addresses.

    Comma, semicolon and tab separate columns. Raises `ExerciseError` for anything else.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ExerciseError(f"{path}: cannot be read as UTF-8 ({error}): expected a class list (CSV)") from error
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        raise ExerciseError(f"{path}: no students: expected a class list (CSV) with a header and a line a student")
    separator = max(",;\t", key=lines[0].count)
    rows = csv.DictReader(lines, delimiter=separator)
    return [entry for row in rows if (entry := _entry(row)) is not None]


def _entry(row: dict[str, str | None]) -> RosterEntry | None:
    cells = {str(name): value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()}
    if not cells:
        return None
    first = next((value for name, value in cells.items() if _FIRST.search(name)), "")
    last = next((value for name, value in cells.items() if _LAST.search(name)), "")
    named = next((value for name, value in cells.items() if _NAME.search(name)), next(iter(cells.values())))
    student = f"{first} {last}".strip() if first and last else named
    values = {*cells.values(), *(value.partition("@")[0] for value in cells.values() if "@" in value)}
    return RosterEntry(student, frozenset(key for value in (student, *values) for key in _forms(value)))


def _forms(name: str) -> set[str]:
    """A name in lower case without accents and spaces, its words in any order."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).casefold()
    words = re.findall(r"[^\W_]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    if not words:
        return set()
    if len(words) > 4:
        return {"".join(words), "".join(sorted(words))}
    return {"".join(order) for order in itertools.permutations(words)}


def missing_students(roster: list[RosterEntry], found: list[HandIn]) -> tuple[list[str], list[str]]:
    """Who of the roster handed in nothing, and who handed in something but is not on it."""
    forms = {one.student: {*_forms(one.student), *_forms(one.number)} for one in found}
    handed_in = set().union(*forms.values()) if forms else set()
    missing = [entry.student for entry in roster if not entry.keys & handed_in]
    known = frozenset(key for entry in roster for key in entry.keys)
    return missing, [student for student, keys in forms.items() if not keys & known]
