"""HTML to PDF by WeasyPrint: bundled files only, one font configuration kept, one rendering at a time."""

import atexit
import gc
import io
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from diary.lib import pdf_chart, pdf_tags

STATIC = Path(__file__).resolve().parents[2] / "static"
# A host that cannot exist: relative addresses in the stylesheets join to it and come back to our own fetcher.
HOME = "https://neap.invalid/"
KINDS = {".css": "text/css", ".woff2": "font/woff2"}
# A letter is shorter: its margins give the height back.
PAPERS = {"a4": "size: a4", "letter": "size: letter; margin: 14mm 14mm 12mm"}
WAIT_SECONDS = 20
MOST_WAITING = 3  # the threads that wait for a report answer nobody else meanwhile
VARIANT = "pdf/a-3a"
# The type of the charts, as in the stylesheets.
FAMILIES = [
    "Atkinson Hyperlegible Next", "Atkinson Hyperlegible Next Extended", "Neap Latin", "Neap Hebrew", "Neap Arabic",
]  # fmt: skip

# PDF/UA-1 is claimed beside PDF/A-3a; PDF/A wants every foreign schema to be described.
PDFUA = b"""<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file is built to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""


class PdfBusy(Exception):
    """Another rendering took too long; nothing was made, try again."""


class ForeignAddress(Exception):
    """The document asked for something that is not bundled."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What is costly to make and the same for every report of a process."""

    fonts: Any
    sheets: dict[str, list[Any]]
    fetcher: Any


_lock = threading.Lock()
_waiting = threading.BoundedSemaphore(MOST_WAITING)
_kits: dict[tuple[int, str], Kit] = {}
atexit.register(_kits.clear)  # while what WeasyPrint needs to tidy up its fonts is still there


def bundled(url: str) -> tuple[Path, str]:
    """The file of ours that an address names, and what follows its "?"; ValueError for everything else."""
    if not url.startswith(HOME):
        raise ValueError("only the report's own files are served")
    name, _, query = url.removeprefix(HOME).partition("?")
    path = (STATIC / name).resolve()
    inside = any(path.is_relative_to(STATIC / folder) for folder in ("css", "fonts"))
    if not inside or path.suffix not in KINDS or not path.is_file():
        raise ValueError("no such file in the bundle")
    return path, query


@cache
def _face(path: Path, weight: str) -> bytes:
    """A font of the bundle as WeasyPrint wants it, for every stylesheet: to make it takes longer than a report."""
    font = path.read_bytes()
    if weight:
        return _weighted(font, int(weight))
    from fontTools.ttLib import woff2

    out = io.BytesIO()
    woff2.decompress(io.BytesIO(font), out)
    return out.getvalue()


def _weighted(font: bytes, weight: int) -> bytes:
    """One weight cut out of a variable font, with figures of one width as its usual ones.

    WeasyPrint would cut again for every document, and asking for tabular figures by CSS takes a sixth of a report's time.
    """
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    cut = instantiateVariableFont(
        TTFont(io.BytesIO(font), recalcTimestamp=False), {"wght": weight}, static=True
    )
    cut.flavor = None
    _set_tabular(cut)
    out = io.BytesIO()
    cut.save(out)
    return out.getvalue()


def _set_tabular(font: Any) -> None:
    """Let the characters 0 to 9 stand for the glyphs of the font's feature tnum."""
    if "GSUB" not in font:
        return
    substitutions = font["GSUB"].table
    lookups = [
        lookup
        for record in substitutions.FeatureList.FeatureRecord
        if record.FeatureTag == "tnum"
        for lookup in record.Feature.LookupListIndex
    ]
    for number in lookups[:1]:
        for table in substitutions.LookupList.Lookup[number].SubTable:
            mapping = getattr(table, "ExtSubTable", table).mapping
            for cmap in font["cmap"].tables:
                cmap.cmap.update({code: mapping.get(name, name) for code, name in cmap.cmap.items()})


def resolved(sheet: str, tokens: str) -> str:
    """A stylesheet with the light values of tokens.css in place of var(); KeyError for an unknown name."""
    light = tokens[tokens.index(":root") : tokens.index("@media")]
    values = dict(re.findall(r"(--[\w-]+)\s*:\s*([^;]+);", light))
    return re.sub(r"var\((--[\w-]+)\)", lambda found: values[found[1]], sheet)


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):  # type: ignore[misc]
        """Serves the stylesheets and fonts beside the report, and remembers what it refused."""

        def __init__(self) -> None:
            super().__init__(allowed_protocols=())
            self.refused: list[str] = []

        def fetch(self, url: str, headers: object = None) -> Any:
            try:
                path, weight = bundled(url)
            except ValueError:
                self.refused.append(url)
                raise
            body = _face(path, weight) if path.suffix == ".woff2" else path.read_bytes()
            return URLFetcherResponse(url, body, {"Content-Type": KINDS[path.suffix]})

    return Fetcher()


def _kit(sheet: str) -> Kit:
    """The fonts and parsed stylesheets, made once a process (a fork makes its own) and stylesheet."""
    key = (os.getpid(), sheet)
    if key not in _kits:
        import weasyprint.pdf
        from weasyprint import CSS
        from weasyprint.text.fonts import FontConfiguration

        # Not a documented hook either: the tests of the tree of tags fail without it.
        weasyprint.pdf.add_tags = pdf_tags.add_tags
        fonts, fetcher = FontConfiguration(), _fetcher()
        faces, own, tokens = (
            (STATIC / "css" / name).read_text("utf-8") for name in ("faces.css", sheet, "tokens.css")
        )
        css = faces + resolved(own, tokens)
        main = CSS(string=css, base_url=HOME + "css/", url_fetcher=fetcher, font_config=fonts)
        sizes = {name: CSS(string=f"@page {{ {size} }}", font_config=fonts) for name, size in PAPERS.items()}
        _kits[key] = Kit(fonts, {name: [main, size] for name, size in sizes.items()}, fetcher)
    return _kits[key]


@contextmanager
def _alone() -> Iterator[None]:
    """Fontconfig is not made for threads, and one rendering's memory at a time is a bound.

    The collector of cycles rests meanwhile: among so many live boxes it finds little and takes a tenth of the time.
    """
    if not _waiting.acquire(blocking=False):
        raise PdfBusy
    try:
        is_ours = _lock.acquire(timeout=WAIT_SECONDS)
    finally:
        _waiting.release()
    if not is_ours:
        raise PdfBusy
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        _lock.release()


@dataclass(frozen=True, slots=True)
class File:
    """What a document carries inside: the data that it was made from; the moment is the data's, never a clock's."""

    name: str
    description: str
    body: str
    moment: datetime


@dataclass(frozen=True, slots=True)
class Laid:
    """A laid-out document: how many pages, on which page (from 1) each id stands, and the way to its bytes."""

    pages: int
    places: Mapping[str, int]
    document: Any = field(repr=False, default=None)

    def to_bytes(self, files: Sequence[File] = ()) -> bytes:
        from weasyprint import Attachment

        inside = [
            Attachment(
                string=one.body, name=one.name, description=one.description, created=one.moment, modified=one.moment,
                relationship="Data",
            )
            for one in files
        ]  # fmt: skip
        return bytes(self.document.write_pdf(pdf_variant=VARIANT, attachments=inside, finisher=_finished))


def _finished(_document: Any, made: Any) -> None:
    """What WeasyPrint does twice is done once."""
    import pydyf

    class Written(pydyf.Object):  # type: ignore[misc]
        """An object as bytes: they are asked for twice, for the file's identifier and for the file."""

        data, compressible = b"", False

        def __init__(self, one: Any) -> None:
            super().__init__()
            self.number, self.data, self.compressible = one.number, one.data, one.compressible

    if "AF" in made.catalog:  # an attached file is named twice among the associated ones
        made.catalog["AF"][:] = dict.fromkeys(made.catalog["AF"])
    made.objects[1:] = [Written(one) for one in made.objects[1:]]


def _lay_out(html: str, paper: str, sheet: str) -> Laid:
    from weasyprint import HTML

    kit = _kit(sheet)
    html, drawings = pdf_chart.taken_out(html, HOME)
    images = {name: pdf_chart.Drawing(svg, kit.fonts, FAMILIES) for name, svg in drawings.items()}
    source = HTML(string=html, base_url=HOME, url_fetcher=kit.fetcher)
    document = source.render(
        font_config=kit.fonts, stylesheets=kit.sheets[paper], pdf_variant=VARIANT, cache=images
    )
    # Not a documented hook: WeasyPrint is pinned and a test looks for the claim.
    plain = document.metadata.generate_rdf_metadata
    document.metadata.generate_rdf_metadata = lambda *args, **named: plain(*args, **named).replace(
        b"</rdf:RDF>", PDFUA + b"</rdf:RDF>"
    )
    places: dict[str, int] = {}
    for number, page in enumerate(document.pages, 1):
        for name in page.anchors:
            places.setdefault(name, number)  # what goes on over several pages begins on the first of them
    return Laid(len(document.pages), places, document)


def _enough(_laid: Laid) -> None:
    return None


def render(
    html: str, *, paper: str, sheet: str, shorter: Callable[[Laid], str | None] = _enough, files: Sequence[File] = ()
) -> bytes:  # fmt: skip
    """An HTML document as PDF/A-3a with tags.

    paper: "a4" or "letter"; sheet: a file of static/css; shorter: asked after each layout, gives the document with
    less in it, or None once it may stay as it is. Raises PdfBusy, ForeignAddress.
    """
    with _alone():
        fetcher = _kit(sheet).fetcher
        fetcher.refused.clear()
        laid = _lay_out(html, paper, sheet)
        while (less := shorter(laid)) is not None:
            laid = _lay_out(less, paper, sheet)
        body = laid.to_bytes(files)
        if fetcher.refused:
            raise ForeignAddress(f"{len(fetcher.refused)} addresses refused")
        return body


def warm(sheet: str = "report.css") -> None:
    """Import and render once, so that a worker's first report is not its slowest."""
    render("<!doctype html><html lang=en><title>Neap</title><p>Neap 0.5 <b>Neap</b>", paper="a4", sheet=sheet)
