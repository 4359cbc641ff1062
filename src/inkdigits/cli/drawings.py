"""What `read` draws: `--annotate` and `--debug` into one PNG or a folder with one for each page, `--preview`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from inkdigits.cli.output import counted, print_status
from inkdigits.cli.terminal_kind import TerminalKind, find_terminal_kind
from inkdigits.cli.terminal_picture import picture_for_terminal
from inkdigits.errors import DataError, OutputError

if TYPE_CHECKING:
    from inkdigits.images.page import Page
    from inkdigits.reading.reader import ReadingSteps

__all__ = ["Drawings"]

_NAMED = 3  # files that are named one by one


@dataclass
class Drawings:
    """The values of both options, None where one is not given, the terminal that `--preview` shows pictures in,
    `--force`, and what was drawn.
    """

    annotate: Path | None
    debug: Path | None
    terminal: TerminalKind | None = None
    force: bool = False
    pages: int = field(default=0, init=False)
    written: dict[str, list[Path]] = field(default_factory=dict, init=False)

    @classmethod
    def of(cls, annotate: Path | None, debug: Path | None, *, preview: bool = False, force: bool = False) -> Drawings:
        """Raises `OutputError` for a file that may not be replaced or ends in something else, `DataError` for one name
        twice.
        """
        for option, path in (("--annotate", annotate), ("--debug", debug)):
            _check(option, path, force)
        if annotate is not None and annotate == debug:
            raise DataError(f"--annotate and --debug: both write {debug}, expected two names")
        return cls(annotate, debug, find_terminal_kind() if preview else None, force)

    def draw(self, steps: ReadingSteps) -> None:
        """Write what is asked for of one page. Raises `OutputError`."""
        from inkdigits.reading.annotation import draw_annotation, draw_steps, write_png

        for option, path, drawn in (
            ("--annotate", self.annotate, draw_annotation),
            ("--debug", self.debug, draw_steps),
        ):
            if path:
                target = self._target(option, path, steps.page)
                _check_replaceable(target, option, self.force)
                write_png(target, drawn(steps))
                self.written.setdefault(option, []).append(target)
        if self.terminal:
            print_status(picture_for_terminal(draw_annotation(steps), self.terminal))
        self.pages += 1

    def print_files(self) -> None:
        """Say on stderr which files were drawn, where they are not just the one that was named."""
        for option, files in self.written.items():
            if files == [getattr(self, option.removeprefix("--"))]:
                continue
            named = ", ".join(map(str, files[:_NAMED]))
            more = f" and {len(files) - _NAMED:,} more in {files[-1].parent}" if len(files) > _NAMED else ""
            print_status(f"inkdigits: {option} drew {counted(len(files), 'file')}: {named}{more}")

    def _target(self, option: str, path: Path, page: Page) -> Path:
        """The named file, numbered from the second page on; in a folder a PNG of the picture's name."""
        if not _is_folder(path):
            return path.with_stem(f"{path.stem}-{self.pages + 1}") if self.pages else path
        picture = PurePath(page.name.strip("<>") or "picture")
        number = f"-{page.number + 1}" if page.number else ""
        # a.jpg and a.tif may stand side by side, and folders may hold pictures of one name.
        stems = (picture.stem, picture.name, *(f"{picture.name}.{copy}" for copy in range(2, 1_000_000)))
        taken = set(self.written.get(option, ()))
        return next(one for stem in stems if (one := path / f"{stem}{number}.png") not in taken)


def _check(option: str, path: Path | None, force: bool) -> None:
    if path is None or path.is_dir():
        return
    if path.suffix and path.suffix.lower() != ".png":
        raise OutputError(f"{option} {path}: expected a name that ends in .png, or a folder")
    _check_replaceable(path, option, force)


def _check_replaceable(path: Path, option: str, force: bool) -> None:
    from inkdigits.reading.annotation import is_drawing

    if not path.exists():
        return
    if not is_drawing(path):
        raise OutputError(f"{path}: exists already and is no drawing of inkdigits: choose another {option}")
    if not force:
        raise OutputError(f"{path}: exists already: choose another {option}, or replace drawings by --force")


def _is_folder(path: Path) -> bool:
    return path.is_dir() or not path.suffix
