"""Claim: the checker accuses no honest submission, and names the dishonest and mistaken ones truly.

Checks the honest variants of exercise_honest.py (and `--drawn` that are combined at random), those of
exercise_dishonest.py, and both kinds of exercise_other_courses.py on a few thousand pictures. Keeps every verdict in a
folder, so that rerunning resumes, and prints false accusations, lost points, and findings that are not named. Exit code
1 when an honest one is accused. Points that a network does not earn, since it reads too little by the notebook's own
figure, are no accusation: such variants are counted by themselves.

    python benchmarks/exercise_verdicts.py --keep FOLDER --drawn 20
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from exercise_dishonest import DISHONEST
from exercise_honest import CNN_CELLS, HONEST, Variant, combined, solution_of
from exercise_other_courses import OTHER_DISHONEST, OTHER_HONEST

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.check import check_submissions
from inkdigits.exercise.master import check_cells
from inkdigits.exercise.verdict import Verdict

# Pictures of our own and networks that are not asked about, which only take time here.
_LEFT_OUT = {
    "pictures": "", "wrong": "", "mistakes": "", "dense-curves": "def plot_history(history): pass",
    "activations": """_numbers = x_train[:5].reshape(5, 784) @ np.random.default_rng(0).normal(size=(784, 10))
softmax_outputs = np.exp(_numbers) / np.exp(_numbers).sum(axis=1, keepdims=True)
sigmoid_outputs = 1 / (1 + np.exp(-_numbers))
""",
    "correct": """_numbers = x_train[:64].reshape(64, 784) @ np.random.default_rng(0).normal(0, 0.1, (784, 10))
corrected_answers = np.exp(_numbers) / np.exp(_numbers).sum(axis=1, keepdims=True)
""",
    "dense-model": solution_of("dense-model").replace("model.summary()", ""),
}  # fmt: skip
# These say something about a submission that is no reproach.
_NEUTRAL = {"shipped_solution", "claim_noted", "preparation_unknown", "training_by_hand", "several_tested"}
_WRONG = {**DISHONEST, **{f"elsewhere {name}": one for name, one in OTHER_DISHONEST.items()}}


def main() -> None:
    """Check what is missing in the folder, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the verdicts")
    parser.add_argument("--drawn", type=int, default=0, help="honest variants that are combined at random")
    parser.add_argument("--only", default="", help="variants whose names match this regular expression")
    parser.add_argument("--subset", type=int, default=2000, help="training pictures")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    elsewhere = {f"elsewhere {name}": one for name, one in OTHER_HONEST.items()}
    honest = {**HONEST, **elsewhere, **combined(arguments.drawn)}
    variants = {**{f"honest {name}": one for name, one in honest.items()}}
    variants |= {f"wrong {name}": one.variant for name, one in _WRONG.items()}
    wanted = {name: one for name, one in variants.items() if re.search(arguments.only, name)}
    arguments.keep.mkdir(parents=True, exist_ok=True)
    _check_missing(wanted, arguments)
    verdicts = {name: json.loads(_file(arguments.keep, name).read_text()) for name in wanted}
    accused = [
        line
        for name in honest
        if f"honest {name}" in verdicts
        for line in _accusations(name, verdicts[f"honest {name}"], honest[name])
    ]
    unnamed = [
        line for name in _WRONG if f"wrong {name}" in verdicts for line in _unnamed(name, verdicts[f"wrong {name}"])
    ]
    counts = [sum(name.startswith(kind) for name in verdicts) for kind in ("honest", "wrong")]
    print("\n".join([*accused, *unnamed]))
    weak = sum(name.startswith("honest") and _is_weak(verdict) for name, verdict in verdicts.items())
    print(f"{counts[0]} honest submissions, {_named_in(accused)} of them accused or short of points")
    print(f"{weak} of the honest ones learned too little, by their own figure")
    print(f"{counts[1]} dishonest or mistaken ones, {_named_in(unnamed)} of them not named or with points too many")
    sys.exit(1 if accused else 0)


def _named_in(lines: list[str]) -> int:
    return len({line.partition(" | ")[0] for line in lines})


def _file(folder: Path, name: str) -> Path:
    return folder / ("".join(letter if letter.isalnum() else "-" for letter in name)[:100] + ".json")


def _check_missing(variants: dict[str, Variant], arguments: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        missing = {}
        # In a drawn order, so that a part of them says something about all.
        drawn = random.Random(0).sample(sorted(variants), len(variants))
        for place, name in enumerate(drawn):
            variant = variants[name]
            if not _file(arguments.keep, name).exists():
                path = Path(folder) / f"{place:03d}.ipynb"
                path.write_text(json.dumps(_notebook(name, variant)))
                missing[path.name] = (name, path)

        def keep(verdict: Verdict) -> None:
            name = missing[verdict.name][0]
            _file(arguments.keep, name).write_text(json.dumps(verdict.as_dict()))
            print(
                f"{name}: {verdict.outcome} {verdict.points:g} after {verdict.seconds:.0f} s",
                file=sys.stderr,
                flush=True,
            )

        started = time.perf_counter()
        if missing:
            paths = [path for _, path in missing.values()]
            check_submissions(paths, jobs=arguments.jobs, subset=arguments.subset, done=keep)
            print(f"{len(missing)} submissions in {time.perf_counter() - started:.0f} s", file=sys.stderr)


def _notebook(name: str, variant: Variant) -> dict[str, Any]:
    blank = () if variant.with_cnn else CNN_CELLS
    named = _WRONG.get(name.removeprefix("wrong "))
    blank = (*blank, *(named.blank if named and name.startswith("wrong ") else ()))
    handed_out = {cell["id"]: cell for cell in build_notebook(Version.student)["cells"]}
    notebook = build_notebook(Version.solution)
    cells = [handed_out[cell["id"]] if cell["id"] in blank else cell for cell in notebook["cells"]]
    replaced = {**_LEFT_OUT, **variant.cells}
    if "dense-model" in blank:
        del replaced["dense-model"]
    notebook["cells"] = [{**cell, "source": replaced.get(cell["id"], cell["source"])} for cell in cells]
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    variant.change(notebook)
    return notebook


def _accusations(name: str, verdict: dict[str, Any], variant: Variant) -> list[str]:
    parts = {part["name"]: part for part in verdict["parts"]}
    done = ("prepare", "dense", "cnn") if variant.with_cnn else ("prepare", "dense")
    done = () if _is_weak(verdict) else done
    lines = [
        f"{name} | {part} {parts[part]['points']:g} of {parts[part]['possible']}, accuracy {parts[part]['accuracy']}"
        for part in done
        if parts[part]["points"] < parts[part]["possible"]
    ]
    lines += [
        f"{name} | {found['key']}: {found['message']}" for found in verdict["findings"] if found["key"] not in _NEUTRAL
    ]
    failed = [cell for cell in verdict["cells"] if cell["part"] in done and cell["outcome"] != "ok" and cell["message"]]
    return lines + ([f"{name} | {cell['id']}: {cell['message']}" for cell in failed] if lines else [])


def _is_weak(verdict: dict[str, Any]) -> bool:
    """Whether the notebook itself states an accuracy below the bar, which is all that it lost points for."""
    # The message of the check is the notebook's own; that of its assert is the checker's.
    failed = [
        cell["message"]
        for cell in verdict["cells"]
        if cell["is_check"] and cell["part"] in ("prepare", "dense") and cell["outcome"] != "ok"
    ]
    return len(failed) == 1 and failed[0].endswith("is not above the bar")


def _unnamed(name: str, verdict: dict[str, Any]) -> list[str]:
    named = _WRONG[name]
    keys = {found["key"] for found in verdict["findings"]}
    keys |= {"blank"} if any(cell["outcome"] == "blank" for cell in verdict["cells"]) else set()
    keys |= {cell["id"] for cell in verdict["cells"] if cell["is_check"] and cell["outcome"] != "ok"}
    lines = (
        [] if named.key in keys else [f"{name} | {named.key} is not named, but {', '.join(sorted(keys)) or 'nothing'}"]
    )
    if named.lost and _has_points(verdict, named.lost):
        lines.append(f"{name} | has all points of {named.lost}")
    if named.blank and next(part for part in verdict["parts"] if part["name"] == "dense")["points"] > 1:
        lines.append(f"{name} | blanks have points")
    return lines


def _has_points(verdict: dict[str, Any], check: str) -> bool:
    cell = next(cell for cell in verdict["cells"] if cell["id"] == check)
    part = next(part for part in verdict["parts"] if part["name"] == check_cells()[check].part)
    return cell["outcome"] == "ok" and not (part["void"] and check_cells()[check].target)


if __name__ == "__main__":
    main()
