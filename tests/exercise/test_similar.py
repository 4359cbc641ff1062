from __future__ import annotations

from inkdigits.exercise.build import Version, build_notebook
from inkdigits.exercise.similar import similar_groups
from inkdigits.exercise.verdict import Verdict


def code(version: Version) -> tuple[str, ...]:
    cells = build_notebook(version)["cells"]
    return tuple("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_copies_are_one_group_whatever_their_names_and_comments() -> None:
    solution, empty = code(Version.solution), code(Version.student)
    renamed = tuple(source.replace("steps", "n_steps").replace("batch_size", "size") for source in solution)
    respaced = tuple(f"# mine\n{source.replace('    ', '  ')}" for source in solution)
    other = tuple(
        source.replace("Dense(512", "Dense(units=512").replace("np.mean(", "np.average(") for source in solution
    )
    other = tuple(source.replace("model.fit(", "model.fit(shuffle=True, ").replace("128", "64") for source in other)
    other = tuple(f"print(len(x_train))\nassert {n} + {n} == {2 * n}\n{source}" for n, source in enumerate(other))
    written = {"ada": solution, "ben": respaced, "cy": renamed, "dee": empty, "eve": empty, "flo": other}
    groups = similar_groups([Verdict(name, "failed", code=cells) for name, cells in written.items()])
    assert [group.names for group in groups] == [("ada", "ben", "cy")]


def test_35_copies_are_one_group() -> None:
    copies = [Verdict(f"{n:02d}", "failed", code=code(Version.solution)) for n in range(35)]
    (group,) = similar_groups(copies)
    assert (len(group.names), group.similarity) == (35, 1)
