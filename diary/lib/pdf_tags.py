"""The tree of tags of a document, leaner than WeasyPrint's own: no element that says nothing, and headers by scope."""

from collections.abc import Iterator, Mapping
from typing import Any

TAGS = {
    "section": "Sect", "p": "P", "table": "Table", "thead": "THead", "tbody": "TBody", "tr": "TR", "th": "TH",
    "td": "TD", "ul": "L", "li": "LI", "h1": "H1", "h2": "H2", "h3": "H3", "img": "Figure",
}  # fmt: skip
POINTS = 0.75  # of a pixel


def add_tags(pdf: Any, document: Any, _version: object, streams: Any) -> None:
    """In place of weasyprint.pdf.tags.add_tags: 40 % of the objects of a report would be spans around every text.

    What stands in the margins is marked as an artifact of the page: a reader would tell it in the midst of a sentence.
    """
    import pydyf

    tree = _Tree(pdf, pydyf)
    nums = pydyf.Array()
    for number, (page, stream) in enumerate(zip(document.pages, streams, strict=True)):
        tree.begin(number, page.height, stream)
        tree.walk(page._page_box, None, tree.document)
        if stream._tags:
            raise ValueError(f"{len(stream._tags)} parts of page {number + 1} have no place in the tree")
        nums.extend((number, pydyf.Array(tree.owners[mcid] for mcid in sorted(tree.owners))))
    tree.end(nums)


class _Tree:
    def __init__(self, pdf: Any, pydyf: Any) -> None:
        self.pdf, self.pydyf = pdf, pydyf
        self.root = pydyf.Dictionary({"Type": "/StructTreeRoot"})
        pdf.add_object(self.root)
        self.document = self._element("Document", self.root)

    def begin(self, number: int, height: float, stream: Any) -> None:
        """A page; its owners are the elements by the number of each marked part."""
        self.page, self.height = self.pdf.page_references[number], height
        self.stream = stream
        self.owners: dict[int, bytes] = {}

    def end(self, nums: Any) -> None:
        self.root["K"] = self.document.reference
        parents = self.pydyf.Dictionary({"Nums": nums})
        self.pdf.add_object(parents)
        self.root["ParentTree"] = parents.reference
        self.pdf.catalog["StructTreeRoot"] = self.root.reference
        self.pdf.catalog["ViewerPreferences"] = self.pydyf.Dictionary({"DisplayDocTitle": "true"})
        self.pdf.catalog["MarkInfo"] = self.pydyf.Dictionary({"Marked": "true"})

    def walk(self, box: Any, above: Any, element: Any) -> None:
        """A box and what is in it; `above` is the box around it, `element` the nearest one of the tree."""
        box = getattr(box, "_box", box)  # what is placed by itself
        kind = type(box).__name__
        if kind == "MarginBox":
            for part in _texts(box):
                self._to_artifact(self.stream._tags.pop(part)["mcid"])
        elif kind == "TextBox":
            self._hold(box, element)
        else:
            tag = TAGS.get(box.element_tag or "")
            is_new = (
                tag is not None
                and box.element is not None
                and (above is None or box.element is not above.element)
            )
            inside = self._of(box, tag, element) if is_new and tag else element
            for child in getattr(box, "children", ()):
                self.walk(child, box, inside)
            if box in self.stream._tags:
                self._hold(box, inside)

    def _of(self, box: Any, tag: str, parent: Any) -> Any:
        """A new element of the tree for an element of the document."""
        if tag == "LI":
            item = self._element("LI", parent)
            return self._element("LBody", item)
        found = self._element(tag, parent)
        if tag == "TH":
            scope = "/Row" if box.element.get("scope") == "row" else "/Column"
            found["A"] = self.pydyf.Dictionary({"O": "/Table", "Scope": scope})
        if tag in ("TH", "TD") and box.colspan != 1:
            found.setdefault("A", self.pydyf.Dictionary({"O": "/Table"}))["ColSpan"] = box.colspan
        if tag == "Figure":
            found["Alt"] = self.pydyf.String(box.element.get("alt"))
            left, top = box.content_box_x(), self.height - box.content_box_y()
            edges = (left, top - box.height, left + box.width, top)
            corners = self.pydyf.Array(round(POINTS * edge, 2) for edge in edges)
            found["A"] = self.pydyf.Dictionary({"O": "/Layout", "BBox": corners})
        return found

    def _element(self, tag: str, parent: Any) -> Any:
        made = self.pydyf.Dictionary({"S": f"/{tag}", "P": parent.reference})
        self.pdf.add_object(made)
        if parent is not self.root:
            parent.setdefault("K", self.pydyf.Array()).append(made.reference)
        return made

    def _hold(self, box: Any, element: Any) -> None:
        mcid = self.stream._tags.pop(box)["mcid"]
        element.setdefault("K", self.pydyf.Array()).append(mcid)
        element["Pg"] = self.page
        self.owners[mcid] = element.reference

    def _to_artifact(self, mcid: int) -> None:
        """The operands of one marked part of the page, which stand as three items of its stream."""
        items = self.stream.stream
        for at, item in enumerate(items):
            if isinstance(item, Mapping) and item.get("MCID") == mcid and items[at + 1] == b"BDC":
                items[at - 1] = b"/Artifact"
                items[at] = b"<</Type/Pagination>>"
                return
        raise ValueError("a marked part is not on its page")


def _texts(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        if type(child).__name__ == "TextBox":
            yield child
        else:
            yield from _texts(child)
