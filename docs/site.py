"""Hooks of MkDocs: pages that are kept elsewhere, the list of commands, and links that lead out of docs/."""

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from restore.cli import main
from restore.manual import commands, help_of

ROOT = Path(__file__).parent.parent
TAKEN = {
    "changes.md": "CHANGELOG.md",
    "cluster.md": "samples/cluster/README.md",
    "model-card.md": "models/weights/README.md",
}
"""Pages of the site, and the files of the project that they are."""
PAGES = {source: f"docs/{page}" for page, source in TAKEN.items()} | {"README.md": "docs/index.md"}
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
"""A link to a file: its words, the file, the place in it."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leaves pages that are not there out of the navigation."""
    there = {path.name for path in Path(config.docs_dir).glob("*.md")} | {*TAKEN, "commands.md"}
    config.nav = _without(config.nav, there)
    return config


def _without(nav: Any, there: set[str]) -> Any:
    if isinstance(nav, list):
        return [kept for each in nav if (kept := _without(each, there))]
    if isinstance(nav, dict):
        return {title: kept for title, under in nav.items() if (kept := _without(under, there))}
    return nav if nav in there else None


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie elsewhere, and the list of commands."""
    for page, source in TAKEN.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    files.append(File.generated(config, "commands.md", content=_commands()))
    return files


def _commands() -> str:
    """A page with the help of each command."""
    parts = [f"## {name}\n\n```\n{help_of(ctx)}\n```\n" for name, ctx in commands(main)]
    return "# Commands\n\n" + "\n".join(parts)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Leads links to pages of the site, and others to the repository; without its address they become plain words."""
    folder = PurePosixPath(TAKEN.get(page.file.src_uri, f"docs/{page.file.src_uri}")).parent

    def led(link: re.Match[str]) -> str:
        words, to, place = link[1], link[2], link[3] or ""
        path = os.path.normpath(folder / to)
        path = PAGES.get(path, PAGES.get(f"{path}/README.md", path))
        if to.endswith("README.md") and path == "docs/index.md":
            place = ""  # the site's first page has other headings
        if path.startswith("docs/"):
            return f"[{words}]({path.removeprefix('docs/')}{place})"
        return f"[{words}]({config.repo_url}/blob/main/{path}{place})" if config.repo_url else words

    return LINK.sub(led, markdown)
