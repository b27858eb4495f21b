"""The PDF maker serves the report's own files and nothing else, in bounded time."""

import threading

import pytest

from diary.lib import pdf

PAGE = "<!doctype html><html lang=en><head><title>t</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://localhost:8000/",
        "https://example.org/a.css",
        "data:text/css,p{}",
        pdf.HOME + "../app.py",
        pdf.HOME + "css/../../app.py",
        pdf.HOME + "css/%2e%2e/app.py",
        pdf.HOME + "css",
        pdf.HOME + "js/app.mjs",
        pdf.HOME + "css/none.css",
    ],
)
def test_only_bundled_files_are_served(url):
    with pytest.raises(ValueError):
        pdf.bundled(url)


def test_the_stylesheet_and_the_font_are_served():
    assert pdf.bundled(pdf.HOME + "css/report.css")[0].name == "report.css"
    path, weight = pdf.bundled(pdf.HOME + "fonts/atkinson-hyperlegible-next-latin.woff2?400")
    assert path.suffix == ".woff2" and weight == "400"


@pytest.mark.parametrize(
    "body",
    [
        '<img alt="" src="file:///etc/passwd">',
        '<img alt="" src="http://127.0.0.1:1/x.png">',
        '<p style="background: url(https://example.org/x.png)">x',
        '<link rel="attachment" href="file:///etc/passwd">',
        '<object data="file:///etc/passwd"></object>',
    ],
)
def test_a_document_that_asks_for_more_is_not_made(body):
    with pytest.raises(pdf.ForeignAddress):
        pdf.render(PAGE.format(body), paper="a4", sheet="report.css")


def test_it_is_laid_out_again_until_it_may_stay_so():
    asked = []

    def shorter(laid):
        asked.append((laid.pages, laid.places["end"]))
        return PAGE.format("<p>line</p>" * 100 + "<p id=end>end") if len(asked) == 1 else None

    pdf.render(
        PAGE.format("<p>line</p>" * 200 + "<p id=end>end"),
        paper="letter",
        sheet="report.css",
        shorter=shorter,
    )
    assert asked == [(4, 4), (2, 2)]


def test_what_goes_on_over_pages_stands_where_it_begins():
    places = []
    body = PAGE.format("<div id=long>" + "<p>line</p>" * 100 + "</div>")
    pdf.render(body, paper="a4", sheet="report.css", shorter=lambda laid: places.append(laid.places["long"]))
    assert places == [1]


def test_one_at_a_time_and_not_for_ever(monkeypatch):
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0.05)
    held = threading.Event()
    done = threading.Event()

    def hold():
        with pdf._alone():
            held.set()
            done.wait(5)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    try:
        with pytest.raises(pdf.PdfBusy):
            pdf.render(PAGE.format("x"), paper="a4", sheet="report.css")
    finally:
        done.set()
        thread.join()


def test_the_light_tokens_are_put_in_place():
    tokens = ":root { --ink: #123456; } @media (prefers-color-scheme: dark) { :root { --ink: #fff; } }"
    assert pdf.resolved("p { color: var(--ink); }", tokens) == "p { color: #123456; }"
    with pytest.raises(KeyError):
        pdf.resolved("p { color: var(--no); }", tokens)
