"""Who handed in what: one file for each student, from the folders that learning platforms write, and from archives.

Moodle, Canvas and nbgrader each name the files of a download in their own way; where none of these names is found, a
folder is a student, and so is a file that lies beside the folders.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from inkdigits.errors import ExerciseError
from inkdigits.exercise.archives import ARCHIVES, unpack
from inkdigits.exercise.submission import looks_like_exercise

__all__ = ["HandIn", "find_hand_ins"]

# Anna Müller_123456_assignsubmission_file_ (a folder, or the beginning of a file's name)
_MOODLE = re.compile(r"^(?P<student>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)$")
# muelleranna_LATE_12345_678901_exercise-1.ipynb
_CANVAS = re.compile(r"^(?P<student>[^_\W][^_]*)(?P<late>_LATE)?_(?P<number>\d+)_(?P<id>\d+)_(?P<file>.+)$")
_CANVAS_VERSION = re.compile(r"-(\d+)(?=\.\w+$)")
_MIN_CLASS = 4  # files in a single folder that are taken for a class and not for one student's
_LEFT_OUT = {"__MACOSX", ".ipynb_checkpoints", "__pycache__"}
_BESIDE = {"timestamp.txt", "desktop.ini", "thumbs.db", "index.html"}
_WHAT = {
    ".html": "a web page, perhaps the notebook as it was exported",
    ".py": "a Python program, perhaps the notebook as it was exported",
    ".pdf": "a PDF", ".docx": "a text document", ".rar": "an archive that cannot be opened here",
    ".7z": "an archive that cannot be opened here", ".txt": "a text file",
}  # fmt: skip


@dataclass(frozen=True)
class HandIn:
    """What one student handed in: the notebook that is graded, or in `problem` why there is none."""

    student: str
    name: str  # of the file, with the folders that tell it from others
    path: Path | None = None
    number: str = ""  # that a platform gave the student
    notes: tuple[str, ...] = ()
    problem: str | None = None


@dataclass
class _Found:
    """The files of one student."""

    student: str
    number: str = ""
    notes: list[str] = field(default_factory=list)
    files: list[tuple[Path, str]] = field(default_factory=list)  # each with its name


def find_hand_ins(paths: Iterable[Path], workspace: Path) -> list[HandIn]:
    """One hand-in for each student, ordered by name; archives are unpacked into `workspace`.

    Raises `ExerciseError` when a path is missing or nothing at all was handed in.
    """
    students: dict[str, _Found] = {}
    for path in paths:
        if not path.exists():
            raise ExerciseError(f"{path}: no such file or folder: expected a notebook (.ipynb) or a folder of them")
        if path.is_dir():
            _search(_innermost(path), students, workspace)
        elif path.suffix.lower() in ARCHIVES:
            unpacked, problems = unpack(path, workspace)
            if unpacked is None:
                raise ExerciseError(f"{path}: {'; '.join(problems)}")
            _search(_innermost(unpacked), students, workspace)
        else:
            # A file that is named by itself is a student of its own, whatever other files are called.
            students[str(path.resolve())] = _Found(_normal(path.stem), files=[(path, path.name)])
    found = [_chosen(one) for one in students.values()]
    if not found:
        raise ExerciseError("no notebook to check: expected at least one .ipynb file")
    return sorted(_distinct(found), key=lambda one: one.student.casefold())


def _normal(name: str) -> str:
    """A name in one form, whichever of Unicode's forms a file system or an archive keeps it in."""
    return unicodedata.normalize("NFC", name.encode(errors="replace").decode())


def _is_left_out(relative: Path) -> bool:
    return any(part in _LEFT_OUT or part.startswith(".") for part in relative.parts)


def _innermost(folder: Path) -> Path:
    """The folder in which the students are: a single folder around all of them is none of them."""
    inside = [path for path in folder.iterdir() if not _is_left_out(Path(path.name))]
    if len(inside) != 1 or not inside[0].is_dir() or _MOODLE.match(inside[0].name):
        return folder
    within = [path for path in inside[0].iterdir() if not _is_left_out(Path(path.name))]
    folders = sum(path.is_dir() for path in within)
    is_class = folders >= 2 or len(within) - folders >= _MIN_CLASS
    return _innermost(inside[0]) if is_class else folder


def _search(root: Path, students: dict[str, _Found], workspace: Path) -> None:
    """Take every file below `root`."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if _is_left_out(relative) or path.is_dir():
            if path.is_dir() and not _is_left_out(relative) and not any(path.iterdir()):
                _note_empty(students, relative)
            continue
        if path.name.lower() in _BESIDE or path.is_symlink():
            continue
        student, number, late = _whose(relative)
        if path.suffix.lower() in ARCHIVES:
            _take_archive(path, (student, number), students, workspace)
        else:
            _add(students, student, number, path, str(relative))
        if late:
            students[_key(student, number)].notes.append("handed in late, says Canvas")


def _take_archive(path: Path, whose: tuple[str, str], students: dict[str, _Found], workspace: Path) -> None:
    unpacked, problems = unpack(path, workspace)
    one = students.setdefault(_key(*whose), _Found(*whose))
    one.notes += [f"{path.name}: {problem}" for problem in problems]
    if unpacked is None:
        one.files.append((path, path.name))
        return
    for inner in sorted(unpacked.rglob("*")):
        relative = inner.relative_to(unpacked)
        if inner.is_file() and not inner.is_symlink() and not _is_left_out(relative):
            one.files.append((inner, f"{path.name}/{relative}"))


def _note_empty(students: dict[str, _Found], relative: Path) -> None:
    student, number, _ = _whose(relative / "nothing")
    students.setdefault(_key(student, number), _Found(student, number))


def _key(student: str, number: str) -> str:
    return number or student


def _add(students: dict[str, _Found], student: str, number: str, path: Path, name: str) -> None:
    students.setdefault(_key(student, number), _Found(student, number)).files.append((path, name))


def _whose(relative: Path) -> tuple[str, str, bool]:
    """The student's name, the number that a platform gave, and whether Canvas says that it was late."""
    parts = [_normal(part) for part in relative.parts]
    for part in parts:
        if found := _MOODLE.match(part):
            return found["student"], found["number"], False
    if found := _CANVAS.match(parts[-1]):
        return found["student"], found["number"], bool(found["late"])
    if "submitted" in parts[:-2]:
        return parts[parts.index("submitted") + 1], "", False
    if len(parts) > 1:
        return parts[0], "", False
    return Path(parts[0]).stem, "", False


def _chosen(one: _Found) -> HandIn:
    """The newest notebook of a student; of several that are the exercise, and others that are not, one that is."""
    notes = list(dict.fromkeys(one.notes))
    notebooks = [(path, name) for path, name in one.files if path.suffix.lower() == ".ipynb"]
    ours = [pair for pair in notebooks if looks_like_exercise(pair[0])] or notebooks
    if not ours:
        return HandIn(one.student, one.student, None, one.number, tuple(notes), _problem(one.files))
    path, name = max(ours, key=_age)
    others = [other for other in one.files if other[0] != path and other in notebooks]
    if others:
        more = ", ".join(Path(other).name for _, other in others)
        notes.append(f"{len(others) + 1} notebooks: the newest of the exercise counts, {Path(name).name}, not {more}")
    return HandIn(one.student, _normal(name), path, one.number, tuple(notes))


def _age(pair: tuple[Path, str]) -> tuple[float, int, str]:
    path, name = pair
    version = _CANVAS_VERSION.search(name)
    return path.stat().st_mtime, int(version[1]) if version else 0, name


def _problem(files: list[tuple[Path, str]]) -> str:
    if not files:
        return "handed in nothing: the folder is empty"
    path, name = max(files, key=_age)
    what = _WHAT.get(path.suffix.lower(), f"a file of type {path.suffix or 'none'}")
    return f"handed in {Path(name).name}, {what}, and no notebook: ask for the .ipynb file"


def _distinct(found: list[HandIn]) -> list[HandIn]:
    """The hand-ins, those of the same name told apart by their numbers."""
    names = [one.student for one in found]
    return [
        HandIn(f"{one.student} ({one.number})", *_rest(one)) if names.count(one.student) > 1 and one.number else one
        for one in found
    ]


def _rest(one: HandIn) -> tuple[str, Path | None, str, tuple[str, ...], str | None]:
    return one.name, one.path, one.number, one.notes, one.problem
