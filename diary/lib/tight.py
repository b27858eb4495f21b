"""Style sheets and scripts as they are sent: in one piece, and without what only people read."""

import re
from pathlib import Path

IMPORT = re.compile(r'@import url\("([^"]+)"\) layer\((\w+)\);')
PIECE = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')|/\*.*?\*/|\s*(?P<mark>[{};,])\s*|(?P<colon>:)\s+|\s+""", re.DOTALL
)
# A line's indent, or a line that is a comment alone. The lines stay, so that an error's place is the file's own.
MARGIN = re.compile(r"^[ \t]*(?://.*)?", re.MULTILINE)


def sheet(folder: Path, name: str) -> str:
    """The style sheet `name` of `folder` with its imports in it, each as a layer's block, as a browser takes them."""
    return css(_whole(folder / name))


def _whole(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return IMPORT.sub(lambda found: f"@layer {found[2]} {{{_whole(path.parent / found[1])}}}", text)


def css(text: str) -> str:
    """The same rules without comments and spare space; what stands in quotes is untouched."""
    return PIECE.sub(_kept, text).replace(";}", "}").strip()


def _kept(found: re.Match[str]) -> str:
    if found["text"] or found["mark"]:
        return found["text"] or found["mark"]
    if found["colon"]:
        return ":"
    return "" if found[0].startswith("/*") else " "


def script(text: str) -> str:
    """The same script without its indents and lines of comment. No text of a script may go over several lines."""
    return MARGIN.sub("", text)
