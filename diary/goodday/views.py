"""A word from a good day: read, written, taken away; by nobody but its own writer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.wrappers import Response as BaseResponse

from diary import db
from diary.careteam import access
from diary.entries import actions as entries
from diary.entries.forms import parse_base
from diary.entries.rules import digest_of
from diary.goodday import actions, queries
from diary.goodday.forms import PAGE_ONLY, parse_word
from diary.goodday.rules import LONGEST, WORD, Word
from diary.lib import clock, pwa
from diary.lib.forms import echo, last_values
from diary.lib.htmx import see_other

bp = Blueprint("goodday", __name__)
BROKEN = "This page is broken. Please open it again; what you typed is below."
UNKNOWN_BASE = "This page is older than what Neap holds now, so nothing was stored yet. Please look and keep it once more."


@dataclass(frozen=True)
class WordPage:
    """Everything that the page shows; for the shell one of nobody."""

    stored: queries.Stored = field(default_factory=queries.Stored)
    is_writing: bool = True
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: str | None = None
    base: str | None = None
    longest: int = LONGEST

    @property
    def word(self) -> Word | None:
        return self.stored.word

    @property
    def text(self) -> str:
        return self.typed if self.typed is not None else (self.word.text if self.word else "")

    @property
    def form_base(self) -> str:
        if self.base is not None:
            return self.base
        return str(self.stored.writes[-1].id) if self.stored.writes else ""

    @property
    def known(self) -> dict[str, Any]:
        return queries.described(self.stored)


@bp.record_once
def _open_without_internet(state: BlueprintSetupState) -> None:
    pwa.add_shell(state.app, "word", "shell/word.html", page=WordPage())  # type: ignore[arg-type]


@bp.get("/word")
@access.patient
def show() -> Response:
    return _shown(is_writing="write" in request.args)


def _shown(status: int = 200, is_writing: bool = True, **refused: Any) -> Response:
    viewer = access.viewer()
    with db.read() as s:
        stored = queries.own_word(s, viewer, access.own(s, viewer).id)
    page = WordPage(stored, is_writing or stored.word is None, **refused)
    shown = render_template("goodday/show.html", nav="today", page=page, write_id=uuid4())
    return make_response(shown, status)


@bp.post("/word")
@access.patient
def update() -> BaseResponse:
    viewer, now = access.viewer(), clock.now()
    texts = last_values(request.form)
    fields, errors = parse_word(texts)
    try:
        write_id, seen = UUID(texts["write_id"]), parse_base(texts.get("base", ""))
    except (KeyError, ValueError):
        write_id, seen, errors = uuid4(), None, {**errors, "page": BROKEN}
    if errors:
        return _refused(texts, errors)
    typed = {name: echo(text) for name, text in texts.items() if name not in PAGE_ONLY}
    try:
        with db.write() as s:
            patient = access.own(s, viewer)
            write = actions.WordWrite(
                id=write_id, target=patient.uuid, day=clock.diary_day(now, viewer.zone), fields=fields,
                received_at=now, effective_at=now, zone=viewer.zone, device=viewer.device, recorded_at=now, seen=seen,
                digest=digest_of({"kind": WORD, "base": str(seen or ""), "form": typed}),
            )  # fmt: skip
            actions.record_word(s, viewer, patient, write)
    except entries.Closed as error:
        return _refused(texts, {"page": str(error)})
    except entries.UnknownBase:
        return _refused(texts, {"page": UNKNOWN_BASE}, keeps_base=False)
    return see_other(url_for("goodday.show") if fields.get(WORD) else url_for("entries.today"))


def _refused(texts: Mapping[str, str], errors: Mapping[str, str], keeps_base: bool = True) -> Response:
    """The form again with what was typed; it still names the write that it was made from."""
    base = texts.get("base", "") if keeps_base and "page" not in errors else None
    return _shown(422, errors=errors, typed=echo(texts.get(WORD, "")), base=base)
