"""What `read` draws: `--annotate` and `--debug` into one PNG or a folder with one for each page, `--preview`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from inkdigits.cli.output import print_status
from inkdigits.cli.terminal_picture import picture_for_terminal
from inkdigits.errors import DataError, OutputError

if TYPE_CHECKING:
    from inkdigits.reading.reader import ReadingSteps

__all__ = ["Drawings"]


@dataclass
class Drawings:
    """The values of both options, None where one is not given, `--preview`, and how many pages were drawn."""

    annotate: Path | None
    debug: Path | None
    preview: bool = False
    count: int = field(default=0, init=False)

    @classmethod
    def of(cls, annotate: Path | None, debug: Path | None, preview: bool = False) -> Drawings:
        """Raises `OutputError` for a file that exists or ends in something else, `DataError` for one name twice."""
        for option, path in (("--annotate", annotate), ("--debug", debug)):
            _check(option, path)
        if annotate is not None and annotate == debug:
            raise DataError(f"--annotate and --debug: both write {debug}, expected two names")
        return cls(annotate, debug, preview)

    def draw(self, steps: ReadingSteps) -> None:
        """Write what is asked for of one page. Raises `OutputError`."""
        from inkdigits.reading.annotation import draw_annotation, draw_steps, write_png
        from inkdigits.system.atomic_io import check_new

        for option, path, drawn in (
            ("--annotate", self.annotate, draw_annotation),
            ("--debug", self.debug, draw_steps),
        ):
            if path:
                target = _in_folder(path, steps) if _is_folder(path) else _numbered(path, self.count)
                check_new(target, option)
                write_png(target, drawn(steps))
        if self.preview:
            print_status(picture_for_terminal(draw_annotation(steps)))
        self.count += 1


def _check(option: str, path: Path | None) -> None:
    from inkdigits.system.atomic_io import check_new

    if path is None or path.is_dir():
        return
    if path.suffix and path.suffix.lower() != ".png":
        raise OutputError(f"{option} {path}: expected a name that ends in .png, or a folder")
    check_new(path, option)


def _is_folder(path: Path) -> bool:
    return path.is_dir() or not path.suffix


def _in_folder(folder: Path, steps: ReadingSteps) -> Path:
    """A PNG with the picture's name; its own ending stays, since a.jpg and a.tif may stand side by side."""
    name = PurePath(steps.page.name).name.strip("<>") or "picture"
    page = f"-{steps.page.number + 1}" if steps.page.number else ""
    target = folder / f"{name}{page}.png"
    # Pictures of one name from several folders.
    places = (target, *(folder / f"{name}{page}-{number}.png" for number in range(2, 10_000)))
    return next(place for place in places if not place.exists())


def _numbered(path: Path, number: int) -> Path:
    return path.with_stem(f"{path.stem}-{number + 1}") if number else path
