"""`write_site`: the page as a static site that reads in the browser."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from inkdigits import serving
from inkdigits.browser.onnx_runtime_web import runtime_files
from inkdigits.browser.reader_files import reader_files
from inkdigits.system.atomic_io import write_folder

__all__ = ["WrittenSite", "write_site"]

_PAGE = Path(serving.__file__).parent / "page"
_SITE = Path(__file__).parent / "site"
# What describes the server's API.
_SERVER_ONLY = ("docs.css", "docs.html", "docs.js")
# The line of index.html that says where pictures may be read, and what stands there in its place.
_MARK = '  <meta name="inkdigits-reader" content="server">\n'
# The browser itself refuses what the page would ask of another origin.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'; "
    "style-src 'self'; img-src 'self' blob: data:; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
_HEAD = f"""  <meta http-equiv="Content-Security-Policy" content="{_POLICY}">
  <meta name="inkdigits-reader" content="device">
  <link rel="manifest" href="manifest.webmanifest">
  <script defer src="page/opened_as_file.js"></script>
"""


@dataclass(frozen=True)
class WrittenSite:
    """A written site: its folder, the number of its files, and their size in bytes."""

    path: Path
    files: int
    size: int


def write_site(out: Path, runtime: Path | None = None) -> WrittenSite:
    """Write the site into the new folder `out`, with ONNX Runtime Web from `runtime` (see `runtime_files`).

    Raises `ExportError` where there is no runtime, `OutputError` and `ModelFileError`.
    """
    files = _site_files(runtime)
    with write_folder(out) as folder:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    return WrittenSite(out, len(files), sum(map(len, files.values())))


def _site_files(runtime: Path | None) -> dict[str, bytes]:
    files = {f"runtime/{name}": content for name, content in runtime_files(runtime).items()}
    files |= {f"reader/{name}": content for name, content in reader_files().items() if name != "index.js"}
    files |= {f"reader/{name}": (_SITE / name).read_bytes() for name in ("worker.js", "explain.js")}
    files |= {f"page/{path.name}": path.read_bytes() for path in _PAGE.iterdir() if path.name not in _SERVER_ONLY}
    files["page/opened_as_file.js"] = (_SITE / "opened_as_file.js").read_bytes()
    files["index.html"] = _index(files.pop("page/index.html").decode())
    files |= {name: (_SITE / name).read_bytes() for name in ("offline.js", "manifest.webmanifest", "licenses.txt")}
    return {**files, "files.js": _list_of(files)}


def _index(html: str) -> bytes:
    if html.count(_MARK) != 1:
        raise ValueError(f"index.html: expected the line {_MARK.strip()} once")
    return html.replace(_MARK, _HEAD).encode()


def _list_of(files: dict[str, bytes]) -> bytes:
    """files.js: what is kept for use without a network, and a version that changes with any of its bytes."""
    digest = hashlib.sha256(b"".join(hashlib.sha256(files[name]).digest() for name in sorted(files))).hexdigest()
    kept = json.dumps(["./", *sorted(name for name in files if name != "offline.js")], indent=2)
    return f'self.VERSION = "inkdigits-{digest[:16]}";\nself.FILES = {kept};\n'.encode()
