"""The product with a hole of each kind dug into it on purpose: a scanner that does not find these has proved nothing."""

from flask import Blueprint, request
from markupsafe import escape
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError
from werkzeug import exceptions

from diary import create_app, db
from diary.careteam import access

bp = Blueprint("planted", __name__, url_prefix="/planted")
BY_STRINGS, MARKUP = "/planted/search?word=GB", "/planted/hello?name=a"


@bp.get("/search")
@access.public
def search() -> str:
    """A statement made of strings."""
    with db.read() as s:
        found = s.execute(text(f"SELECT name FROM clinic WHERE country = '{request.args['word']}'")).all()
    names = "".join(f"<li>{escape(name)} is a clinic that was found" for (name,) in found)
    return f"<!doctype html><title>Search</title><h1>Clinics</h1><ul>{names or '<li>None.'}</ul>"


@bp.get("/hello")
@access.public
def hello() -> str:
    """What was asked, as markup."""
    return f"<!doctype html><title>Hello</title><p>Hello {request.args['name']}"


def app():
    """A statement that the store does not understand answers 500 here: 503 would have a scanner wait and ask again."""
    whole = create_app()
    for error in (OperationalError, ProgrammingError):
        whole.register_error_handler(error, lambda error: exceptions.InternalServerError(str(error)))
    whole.register_blueprint(bp)
    return whole
