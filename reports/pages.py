"""The pages of ``docs/`` that reports contain: in a checkout where they are written, in an installation beside the code."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent
_PLACES = (_HERE / "pages", _HERE.parent / "docs")


def page(name: str) -> str:
    """The Markdown of a page."""
    return _text(f"{name}.md")


def figure(name: str) -> str:
    """A figure of a page: its file's text."""
    return _text(name)


def _text(name: str) -> str:
    return next(path.read_text() for place in _PLACES if (path := place / name).exists())


def to_html(text: str) -> str:
    """Markdown as HTML, its headings one level down; of links to other pages, which are not there, only the words are left.

    Tables scroll where the window is too narrow for them.
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
        token.children = [child for child in token.children or () if child.type not in ("link_open", "link_close")]
    html: str = reader.renderer.render(tokens, reader.options, {})
    return html.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")
