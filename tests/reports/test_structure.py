"""What a PDF says of itself to a screen reader and to an archive, in the report and in the sheet before a session."""

import io
import re
from datetime import UTC, date, datetime

import pikepdf
import pytest

from diary.lib import pdf_chart
from tests import factories
from tests.reports import reading

TODAY = date(2026, 3, 30)


@pytest.fixture(params=["report.pdf?since=2026-03-01&until=2026-03-30", "prep.pdf"])
def document(request, clock_at, written, cast, client_as):
    """Either document of a patient with two weeks, an infusion, a session and words in two scripts."""
    clock_at(datetime(2026, 3, 30, 12, tzinfo=UTC))
    with written() as s:
        factories.days(date(2026, 3, 1), [7] * 14 + [3] * 10 + ["x", "u"], s, cast.alice)
        factories.infusion(s, cast.alice, date(2026, 3, 15))
        factories.entry(s, cast.alice, TODAY, note="To the pier. שלום", note_private="no")
        factories.session(s, cast.alice, date(2026, 3, 20), commitment_1="Ten quiet minutes")
        factories.goal(s, cast.alice, "To the harbour")
    body = client_as("bob").http.get(f"/patients/{cast.alice.uuid}/{request.param}").data
    return body, reading.opened(body)


def marked(page) -> list[tuple[str, int | None]]:
    """The marked parts of a page as they are opened; fails where text or a path is painted outside of all of them."""
    found, depth = [], 0
    for operands, operator in pikepdf.parse_content_stream(page):
        name = str(operator)
        if name in ("BDC", "BMC"):
            place = (
                operands[1].get("/MCID")
                if name == "BDC" and isinstance(operands[1], pikepdf.Dictionary)
                else None
            )
            found.append((str(operands[0]), None if place is None else int(place)))
            depth += 1
        elif name == "EMC":
            depth -= 1
        elif name in ("TJ", "Tj", "S", "f", "B", "f*"):
            assert depth == 1, (name, depth)
    assert depth == 0
    return found


def test_it_claims_what_it_is_built_to(document):
    _, pdf = document
    root = pdf.Root
    assert str(root.Lang) == "en" and root.MarkInfo.Marked and root.ViewerPreferences.DisplayDocTitle
    (intent,) = root.OutputIntents
    assert str(intent.S) == "/GTS_PDFA1" and len(intent.DestOutputProfile.read_bytes()) > 1000
    with pdf.open_metadata() as claims:
        assert (claims["pdfaid:part"], claims["pdfaid:conformance"], claims["pdfuaid:part"]) == (
            "3",
            "A",
            "1",
        )
        assert claims["dc:title"] == str(pdf.docinfo["/Title"])
    assert all(reading.fonts(pdf).values())


def test_every_part_of_a_page_has_its_place_in_the_tree(document):
    """Each number of a marked part leads by the tree of parents to the element that holds it; nothing is left over."""
    _, pdf = document
    parents = pdf.Root.StructTreeRoot.ParentTree.Nums
    held = {}
    for one in reading.elements(pdf):
        for kid in one.K if isinstance(one.get("/K"), pikepdf.Array) else [one.get("/K")]:
            if isinstance(kid, int):
                held[one.Pg.objgen, kid] = one.objgen
    for at, page in enumerate(pdf.pages):
        assert int(parents[2 * at]) == int(page.StructParents)
        owners = parents[2 * at + 1]
        numbers = [number for tag, number in marked(page) if tag != "/Artifact"]
        assert sorted(numbers) == list(range(len(owners)))
        for number in numbers:
            assert held.pop((page.objgen, number)) == owners[number].objgen
    assert held == {}


def test_headers_say_what_they_head_and_rows_are_rows(document):
    _, pdf = document
    tables = [one for one in reading.elements(pdf) if str(one.S) == "/Table"]
    assert tables
    for table in tables:
        assert [str(part.S) for part in table.K] == ["/THead", "/TBody"]
        (head,) = table.K[0].K
        assert all((str(cell.S), str(cell.A.Scope)) == ("/TH", "/Column") for cell in head.K)
        widths = set()
        for row in table.K[1].K:
            assert (str(row.K[0].S), str(row.K[0].A.Scope)) == ("/TH", "/Row")
            assert {str(cell.S) for cell in list(row.K)[1:]} <= {"/TD"}
            widths.add(len(row.K))
        assert len(widths) == 1
        assert widths == {sum(int(cell.A.get("/ColSpan", 1)) for cell in head.K)}


def test_a_picture_has_words_and_a_place_on_its_page(document):
    _, pdf = document
    figures = [one for one in reading.elements(pdf) if str(one.S) == "/Figure"]
    assert figures
    for one in figures:
        assert "Pain: " in str(one.Alt) and "0 none to 10 worst" in str(one.Alt)
        left, low, right, high = (float(edge) for edge in one.A.BBox)
        assert 30 < left < right < 570 and 30 < low < high < 810


def test_the_order_of_the_tree_is_the_order_of_the_page(document):
    """Headings and margins: what is in the tree is read from top to bottom, what stands in the margins is not read."""
    body, pdf = document
    heads = [one for one in _in_order(pdf.Root.StructTreeRoot.K) if re.fullmatch("/H[123]", str(one.S))]
    assert str(heads[0].S) == "/H1" and {str(one.S) for one in heads[1:]} == {"/H2"}
    text = reading.structured(body)
    assert "not a diagnosis" not in text and "page 1 of" not in text
    assert "not a diagnosis" in reading.flat(body) and "page 1 of" in reading.flat(body)
    at = [text.index(words) for words in ("Alice", "Pain", "Ten quiet minutes")]
    assert at == sorted(at)


def _in_order(node):
    for one in node if isinstance(node, pikepdf.Array) else [node]:
        if isinstance(one, pikepdf.Dictionary):
            yield one
            yield from _in_order(one.get("/K", pikepdf.Array()))


def test_the_file_is_whole(document):
    body, _ = document
    assert pikepdf.open(io.BytesIO(body)).check_pdf_syntax() == []


@pytest.mark.parametrize(
    ("d", "drawn"),
    [
        ("M1 2h0", "1 2 m\n1 2 l"),
        ("M1 2L3.5 4V6H0Z", "1 2 m\n3.5 4 l\n3.5 6 l\n0 6 l\nh"),
        ("M10-7c1.6 2.4 3.4 4 3.4 6.2z", "10 -7 m\n11.6 -4.6 13.4 -3 13.4 -0.8 c\nh"),
        ("M0 0m5 5l-1 .5", "0 0 m\n5 5 m\n4 5.5 l"),
        ("M0 5a2 2 0 1 0 4 0", "0 5 m\n0 6.1 0.9 7 2 7 c\n3.1 7 4 6.1 4 5 c"),
        ("M0 5a2 2 0 0 1 4 0", "0 5 m\n0 3.9 0.9 3 2 3 c\n3.1 3 4 3.9 4 5 c"),
    ],
)
def test_paths(d, drawn):
    assert pdf_chart.outline(d) == drawn


def test_an_arc_that_charts_have_not_is_refused():
    with pytest.raises(ValueError, match="half circles"):
        pdf_chart.outline("M0 0a2 2 0 0 1 2 2")


def test_an_element_that_is_not_drawn_is_an_error_and_no_gap():
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><circle r="1"/></svg>'

    class Stream:
        push_state = pop_state = transform = lambda *_args, **_more: None

    with pytest.raises(ValueError, match="circle"):
        pdf_chart.Drawing(svg, None, []).draw(Stream(), 4, 4, None)


@pytest.mark.parametrize(
    ("text", "opacity", "shares"),
    [
        ("#000", None, "0 0 0"),
        ("#ffffff", None, "1 1 1"),
        ("#000000", ".5", "0.5 0.5 0.5"),
        ("#A8481F", None, "0.659 0.282 0.122"),
    ],
)
def test_colours(text, opacity, shares):
    assert pdf_chart.colour(text, opacity) == shares
