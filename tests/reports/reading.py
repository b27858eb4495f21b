"""Reading a PDF as its reader would: text by pdftotext, structure by pikepdf."""

import io
import re
import subprocess
from tempfile import NamedTemporaryFile

import pikepdf


def text(pdf: bytes) -> str:
    """All text in reading order, pages divided by form feeds."""
    return subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()


def pages(pdf: bytes) -> list[str]:
    """The text of each page."""
    return text(pdf).removesuffix("\f").split("\f")


def is_two_pages(pdf: bytes) -> bool:
    """Whether the report is two pages, whatever appendix follows: the method ends page two."""
    found = pages(pdf)
    return (
        "How this was made" in found[1]
        and "Nothing here predicts or recommends." in " ".join(found[1].split())
        and (len(found) == 2 or "\nAppendix\n" in f"\n{found[2]}")
    )


def flat(pdf: bytes) -> str:
    """The text with every run of white space as one space."""
    return re.sub(r"\s+", " ", text(pdf))


def opened(pdf: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(pdf))


def elements(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    """Every structure element of the document."""
    found, waiting = [], [pdf.Root.StructTreeRoot]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting.extend(node)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                found.append(node)
            if "/K" in node:
                waiting.append(node.K)
    return found


def fonts(pdf: pikepdf.Pdf) -> dict[str, bool]:
    """The name of each font used, and whether it is embedded."""
    found = {}
    for page in pdf.pages:
        for font in page.Resources.get("/Font", {}).values():
            for inner in font.get("/DescendantFonts", [font]):
                descriptor = inner.get("/FontDescriptor", {})
                found[str(font.BaseFont)] = any(
                    key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")
                )
    return found


def structured(pdf: bytes) -> str:
    """All text in the order of the tree of tags, as a screen reader tells it."""
    with NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        told = subprocess.run(["pdfinfo", "-struct-text", file.name], capture_output=True, check=True)
    return told.stdout.decode()
