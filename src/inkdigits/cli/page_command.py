"""`page`: the page as a static site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkdigits.cli.options import AsJson
from inkdigits.cli.output import print_json, stoppable

__all__ = ["page"]


@stoppable()
def page(
    out: Annotated[Path, typer.Option(help="The new folder of the site.", metavar="DIR")],
    runtime: Annotated[
        Path | None,
        typer.Option(
            help="The folder of the npm package onnxruntime-web, or the node_modules that it is in. Default: npm "
            "fetches the pinned version.",
            metavar="DIR",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the page as a static site that reads in the browser, for any web server: no picture leaves the device."""
    import shlex

    from inkdigits.browser.static_site import write_site
    from inkdigits.system.atomic_io import check_new

    check_new(out, "--out")
    site = write_site(out, runtime)
    if as_json:
        print_json({"out": str(site.path), "files": site.files, "size": site.size})
        return
    print(
        f"{site.path}: {site.files} files, {site.size / 1e6:.1f} MB, ready for any web server. To look at it here, run"
    )
    print(f"  python3 -m http.server --directory {shlex.quote(str(site.path))}")
    print("and open http://localhost:8000 in a browser; Ctrl-C ends it.")
