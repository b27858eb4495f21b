"""A test client that judges every page it gets, as a person, a screen reader and the content policy would."""

import contextvars
import hashlib
import os
import re

import html5lib
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException

from diary import db
from diary.accounts.actions import begin_session
from diary.lib import clock

HEALTH_WORDS = re.compile(
    r"pain|fatigue|sleep|rest\b|mood|fog|cognit|ketamine|infusion|dose|unwell|symptom|medic|score|mg\b", re.I
)
HANDLER = re.compile(r"^on[a-z]+$")
UNLABELLED = {"hidden", "submit", "button", "image", "reset"}
SVG_TITLE_PARENTS = {"svg", "g", "path", "rect", "circle", "symbol"}


class Page:
    """One answer, with its parsed HTML where it is HTML."""

    def __init__(self, response, tree=None):
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        self.location = response.headers.get("Location", "")
        self.tree = tree

    @property
    def text(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def data(self) -> bytes:
        return self.response.get_data()

    def all(self, tag: str, **attributes):
        """Elements of a tag whose attributes hold exactly these values (class_: one of the classes)."""
        return [el for el in self.tree.iter() if _local(el) == tag and _matches(el, attributes)]

    def one(self, tag: str, **attributes):
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}>"
        return found[0]

    def words(self, element=None) -> str:
        element = self.tree if element is None else element
        return " ".join(" ".join(element.itertext()).split())

    def error_of(self, field: str) -> str:
        """The words of the element that aria-describedby of the field names."""
        for el in self.tree.iter():
            if (el.get("name") == field and el.get("aria-describedby")) or el.get("data-field") == field:
                for name in (el.get("aria-describedby") or "").split():
                    for target in self.tree.iter():
                        if target.get("id") == name and "error" in (target.get("class") or "") + name:
                            return self.words(target)
        return ""


def _local(el) -> str:
    """The tag without its namespace: drawings have one."""
    return el.tag.rpartition("}")[2] if isinstance(el.tag, str) else ""


def _matches(el, attributes) -> bool:
    for name, value in attributes.items():
        if name == "class_":
            if value not in (el.get("class") or "").split():
                return False
        elif el.get(name.rstrip("_").replace("_", "-")) != value:
            return False
    return True


class PageClient:
    """Signed in as one of the cast, or as nobody."""

    def __init__(self, app, person=None):
        self.app = app
        self.person = person
        self.http = app.test_client()
        if person is not None:
            with db.write() as s:
                staff = person.role != "patient"
                token = begin_session(s, person.id, "Test browser", staff, clock.now())
            with self.http.session_transaction() as session:
                session["_user_id"] = token
                session["_fresh"] = True

    def csrf(self) -> str:
        with self.http.session_transaction() as session:
            raw = session.setdefault("csrf_token", hashlib.sha1(os.urandom(64)).hexdigest())
        return URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(raw)

    def get(self, url, headers=None, htmx=False) -> Page:
        return self._judged(self._alone(self.http.get, url, headers=_headers(headers, htmx)))

    def post(self, url, data=None, headers=None, htmx=False, csrf=True, follow=False, **kwargs) -> Page:
        data = dict(data or {})
        if csrf:
            data.setdefault("csrf_token", self.csrf())
        response = self._alone(self.http.post, url, data=data, headers=_headers(headers, htmx), **kwargs)
        if follow and response.status_code == 303:
            return self.get(response.headers["Location"])
        return self._judged(response)

    @staticmethod
    def _alone(call, *args, **kwargs):
        """In a context of its own, or the request would share `g` with the test and with other requests."""
        return contextvars.Context().run(call, *args, **kwargs)

    def _judged(self, response) -> Page:
        is_page = (response.content_type or "").startswith(
            "text/html"
        ) and not 300 <= response.status_code < 400
        if not is_page or not response.get_data():
            return Page(response)
        text = response.get_data(as_text=True)
        whole = "<html" in text[:2000].lower()
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        try:
            tree = parser.parse(text) if whole else parser.parseFragment(text)
        except html5lib.html5parser.ParseError as error:
            raise AssertionError(f"not valid HTML: {parser.errors[-1:]} {error}") from None
        judge(tree, whole, self.app, response)
        return Page(response, tree)


def _headers(headers, htmx):
    return {**(headers or {}), **({"HX-Request": "true"} if htmx else {})}


def judge(tree, whole, app, response) -> None:
    """Everything that is asked of every page; a fragment is asked what can be asked of a part."""
    elements = [el for el in tree.iter() if isinstance(el.tag, str)]
    if whole:
        headings = [el for el in elements if el.tag == "h1"]
        assert len(headings) == 1, (
            f"{len(headings)} h1 on {response.request.path}: {response.status_code} {response.get_data(as_text=True)[:200]}"
        )
        titles = [el for el in elements if el.tag == "title" and el in list(tree.find("head"))]
        title = "".join(titles[0].itertext()) if titles else ""
        assert title.strip().endswith("Neap"), f"title {title!r}"
        assert not HEALTH_WORDS.search(title), f"a health word in the title {title!r}"
        assert next(el for el in elements if el.tag == "html").get("lang"), "no lang"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    ids = [el.get("id") for el in elements if el.get("id")]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    assert not twice, f"ids used twice: {twice}"
    labels = {el.get("for") for el in elements if el.tag == "label" and el.get("for")}
    inside = {id(inner) for el in elements if el.tag == "label" for inner in el.iter()}
    for el in elements:
        _judge_element(el, labels, inside, ids, whole)
        if el.tag == "form":
            _judge_form(el, app, is_shell=response.request.path.startswith("/shell/"))


def _judge_element(el, labels, inside, ids, whole) -> None:
    assert el.get("style") is None, f"inline style on <{el.tag}>"
    handlers = [name for name in el.attrib if HANDLER.match(str(name)) or str(name).startswith("hx-on")]
    assert not handlers, f"inline handler {handlers} on <{el.tag}>"
    if el.tag == "script":
        assert el.get("src"), "inline script"
    assert el.tag != "style", "inline style sheet"
    if el.tag in ("input", "select", "textarea") and el.get("type") not in UNLABELLED:
        named = (
            el.get("id") in labels or id(el) in inside or el.get("aria-label") or el.get("aria-labelledby")
        )
        assert named, f"no label for {el.tag} {el.get('name')}"
    if whole:
        for name in (el.get("aria-describedby") or "").split() + (el.get("aria-labelledby") or "").split():
            assert name in ids, f"{el.tag} refers to #{name}, which is not there"
    if el.tag == "img":
        assert el.get("alt") is not None, "img without alt"
    if el.tag == "button":
        assert "".join(el.itertext()).strip() or el.get("aria-label"), "a button without words"


def _judge_form(form, app, is_shell) -> None:
    method = (form.get("method") or "get").upper()
    action = form.get("action")
    if action:
        adapter = app.url_map.bind("localhost")
        try:
            adapter.match(action.split("?")[0], method=method)
        except HTTPException as error:
            raise AssertionError(f"form {method} {action}: {error}") from None
    if method == "POST" and not is_shell:  # a shell's forms are sent by the outbox, never by the browser
        names = {el.get("name") for el in form.iter() if isinstance(el.tag, str)}
        assert "csrf_token" in names, f"form {action} without csrf_token"
