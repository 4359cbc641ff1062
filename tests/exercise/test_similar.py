from __future__ import annotations

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.similar import similar_submissions
from inkdigits.exercise.verdict import Verdict


def code(version: Version) -> tuple[str, ...]:
    cells = build_notebook(version)["cells"]
    return tuple("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_near_identical_work_is_listed_other_work_and_empty_work_is_not() -> None:
    solution, empty = code(Version.solution), code(Version.student)
    renamed = tuple(source.replace("steps", "n_steps").replace("accuracy", "score") for source in solution)
    respaced = tuple(source.replace("    ", "  ") for source in solution)
    written = {"ada": solution, "ben": respaced, "cy": renamed, "dee": empty, "eve": empty}
    pairs = similar_submissions([Verdict(name, "failed", code=cells) for name, cells in written.items()])
    assert [(pair.first, pair.second) for pair in pairs] == [("ada", "ben")]
    assert pairs[0].similarity == 1
