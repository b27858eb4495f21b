"""What begins with a mail: a new passphrase for whoever cannot get in, and a new e-mail address."""

from flask import g, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from diary import db
from diary.accounts import actions, queries
from diary.accounts.actions import mails
from diary.accounts.forms import EmailForm, NewPassphraseForm
from diary.accounts.models import Person
from diary.accounts.rules import EMAIL, RESET
from diary.accounts.rules.letters import EMAIL_CHANGED, PASSPHRASE_CHANGED
from diary.accounts.views.base import bp, typed_form
from diary.accounts.views.guessing import drawn
from diary.accounts.views.sign_in import let_in
from diary.audit import actions as audit
from diary.careteam import access
from diary.lib import clock, http
from diary.lib.forms import echo, parse
from diary.lib.htmx import see_other

TAKEN = "Neap can’t use this address for you. Please choose another one."
SAME = "This is the address that you have already."


# A forgotten passphrase ---------------------------------------------------------------------------


@bp.get("/forgotten")
@access.public
def forgotten() -> str:
    return render_template("accounts/forgotten.html", typed={}, errors={}, is_sent="sent" in request.args)


@bp.post("/forgotten")
@access.public
def create_reset() -> Response | tuple[str, int]:
    """The same answer, and the same work, for an address that nobody has."""
    typed = typed_form()
    form = parse(EmailForm, typed)
    if form.value is None:
        shown = {name: echo(text) for name, text in typed.items()}
        return render_template("accounts/forgotten.html", typed=shown, errors=form.errors, is_sent=False), 422
    guess = drawn(queries.mail_budgets(form.value.email, http.address()))
    if guess.wait:
        return guess.refused()
    with db.write() as s:
        person = queries.person_by_email(s, form.value.email)
        # Whoever never signed in has an invitation to open, not a passphrase to replace.
        was_here = queries.has_device(s, person.id if person is not None else 0)
        is_known = person is not None and (was_here or person.passphrase_hash is not None)
        mails.put(s, person.id if person is not None and is_known else None, RESET, clock.now())
        audit.record(s, None, "passphrase.forgotten", person.id if person else None)
    return see_other(url_for("accounts.forgotten", sent=1))


@bp.get("/reset/<token>")
@access.public
def edit_reset(token: str) -> str | tuple[str, int]:
    return _reset_page(token, {})


def _reset_page(token: str, problems: dict[str, str]) -> str | tuple[str, int]:
    g.no_store = True
    with db.read_anew() as s:
        person = queries.open_link(s, RESET, token, clock.now())
    if person is None:
        return render_template("accounts/dead_link.html"), 404
    return render_template("accounts/reset.html", token=token, errors=problems, email=person.email)


@bp.post("/reset/<token>")
@access.public
def update_reset(token: str) -> Response | str | tuple[str, int]:
    now = clock.now()
    form = parse(NewPassphraseForm, typed_form())
    if form.value is None:
        page = _reset_page(token, form.errors)
        return page if isinstance(page, tuple) else (page, 422)
    guess = drawn(queries.address_budget(http.address()))
    if guess.wait:
        return guess.refused()
    with db.write() as s:
        found = mails.use_link(s, RESET, token, now)
        if found is not None:
            person, _ = found
            guess.was_right(s)
            actions.change_passphrase(s, person, form.value.passphrase, now)
            actions.end_sessions(s, person.id, now)
            audit.record(s, None, "passphrase.reset", person.id)
            mails.put(s, person.id, PASSPHRASE_CHANGED, now)
    if found is None:
        return render_template("accounts/dead_link.html"), 404
    return let_in(person, "")


# Another e-mail address ---------------------------------------------------------------------------


@bp.get("/email")
@access.signed_in
@access.fresh
def edit_email() -> str:
    return _email_page("", {})


def _email_page(typed: str, problems: dict[str, str]) -> str:
    with db.read_anew() as s:
        now_at = s.get_one(Person, access.viewer().me).email
    return render_template(
        "accounts/email.html", nav="more", now_at=now_at, typed=echo(typed), errors=problems
    )


@bp.post("/email")
@access.signed_in
@access.fresh
def create_email() -> Response | tuple[str, int]:
    """Nothing changes before the link at the new address is opened; one that somebody has gets no mail, unsaid."""
    viewer, now = access.viewer(), clock.now()
    typed = typed_form()
    form = parse(EmailForm, typed)
    if form.value is None:
        return _email_page(typed.get("email", ""), form.errors), 422
    new = form.value.email
    guess = drawn(queries.mail_budgets(f"change:{viewer.me}", http.address()))
    if guess.wait:
        return guess.refused()
    with db.write() as s:
        holder = queries.person_by_email(s, new)
        if holder is not None and holder.id == viewer.me:
            return _email_page(new, {"email": SAME}), 422
        mails.put(s, viewer.me if holder is None else None, EMAIL, now, to=new)
        audit.record(s, viewer, "email.ask", viewer.me)
    return see_other(url_for("accounts.signing_in", saved="mailed"))


@bp.get("/new-email/<token>")
@access.public
def confirm_email(token: str) -> str | tuple[str, int]:
    g.no_store = True
    with db.read() as s:
        person = queries.open_link(s, EMAIL, token, clock.now())
    if person is None:
        return render_template("accounts/dead_link.html"), 404
    return render_template("accounts/new_email.html", token=token)


@bp.post("/new-email/<token>")
@access.public
def update_email(token: str) -> Response | tuple[str, int]:
    now = clock.now()
    guess = drawn(queries.address_budget(http.address()))
    if guess.wait:
        return guess.refused()
    with db.write() as s:
        found = mails.use_link(s, EMAIL, token, now)
        is_done = False
        if found is not None and found[1] and queries.person_by_email(s, found[1]) is None:
            person, old = found[0], found[0].email
            guess.was_right(s)
            actions.change_email(s, person, found[1], now)
            audit.record(s, None, "email.change", person.id)
            mails.put(s, person.id, EMAIL_CHANGED, now, to=old)
            is_done = True
    if not is_done:
        return render_template("accounts/dead_link.html"), 404
    if current_user.is_authenticated:
        return redirect(url_for("accounts.signing_in"), 303)
    return redirect(url_for("accounts.sign_in"), 303)
