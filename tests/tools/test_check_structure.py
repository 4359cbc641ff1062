"""Names that are used twice and what is too large are found."""

from __future__ import annotations

from pathlib import Path

from tools.check_structure import findings


def _package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_a_module_and_a_class_of_one_name(tmp_path: Path) -> None:
    package = _package(tmp_path, {"a/run.py": "class Part: ...\n", "b/run.py": "class Part: ...\n"})
    found = findings(package)
    assert len(found) == 2
    assert "'run'" in found[0]
    assert "'Part'" in found[1]


def test_sizes(tmp_path: Path) -> None:
    long = "def long():\n" + "    pass\n" * 60
    wide = f"def wide({', '.join('abcdefghi')}): ...\n"
    found = findings(_package(tmp_path, {"a/x.py": long + wide + "#\n" * 400, "cli/y.py": wide}))
    assert [line.split(": ", 1)[1] for line in found] == [
        "462 lines, at most 400",
        "long has 61 lines, at most 60",
        "wide has 9 parameters, at most 8",
    ]


def test_nothing_to_say(tmp_path: Path) -> None:
    assert findings(_package(tmp_path, {"a/__init__.py": "", "b/__init__.py": "", "b/c.py": "class C: ...\n"})) == []
