"""What `make site` does besides MkDocs: pages from the root, links that leave docs/, and no remote assets."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

DOCS = Path(__file__).parent
ROOT = DOCS.parent
# Pages whose source stands at the root, where repositories keep them.
FROM_ROOT = {"index.md": "README.md", "changelog.md": "CHANGELOG.md"}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)")
# What a browser loads by itself when it shows a page.
REMOTE_ASSET = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\ssrc=["'](?:https?:)?//|<link\b[^>]*\s"""
    r"""(?:rel=["'](?:stylesheet|preconnect|preload|icon)["'][^>]*\shref=["'](?:https?:)?//)"""
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages whose source stands at the root."""
    for page, source in FROM_ROOT.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Mend links, and leave the marks of code blocks to the tests (see tests/test_documentation.py)."""
    source = page.file.src_uri
    folder = ROOT if source in FROM_ROOT else (DOCS / source).parent
    markdown = re.sub(r"^(```\w+) [\w ]+$", r"\1", markdown, flags=re.MULTILINE)
    if source in FROM_ROOT:
        markdown = markdown.replace("](docs/", "](")
    return LINK.sub(lambda link: _mended(link, folder, source), markdown)


def _mended(link: re.Match[str], folder: Path, source: str) -> str:
    text, target, anchor = link[1], link[2], link[3] or ""
    if "://" in target or target.startswith("mailto:"):
        return link[0]
    path = (DOCS / target if source in FROM_ROOT and (DOCS / target).exists() else folder / target).resolve()
    for page, at_root in FROM_ROOT.items():
        if path == ROOT / at_root:
            return f"[{text}]({'../' * source.count('/')}{page}{anchor})"
    if not path.exists() or (path.is_file() and path.is_relative_to(DOCS)):
        return link[0]
    # Not part of the site: say where it is in the repository.
    name = str(path.relative_to(ROOT))
    return f"`{name}`" if text.strip("`") == name else f"{text} (`{name}`)"


def on_post_build(config: MkDocsConfig) -> None:
    """Fail when a page loads anything from elsewhere."""
    for path in sorted(Path(config.site_dir).rglob("*.html")):
        found = REMOTE_ASSET.search(path.read_text())
        if found:
            raise PluginError(f"{path.name} loads a remote asset: {found[0]}")
