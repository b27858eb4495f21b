"""Passkeys' questions and answers: a challenge is kept in this browser's session and, to count once, in the store."""

from flask import Response, jsonify, session

from diary import db
from diary.accounts import queries
from diary.accounts.actions import factors
from diary.accounts.models import Passkey, Person
from diary.lib import clock, webkeys


def ask(purpose: str) -> str:
    """A new challenge for this browser, for this purpose."""
    with db.write() as s:
        challenge = factors.make_challenge(s, purpose, clock.now())
    session["challenge"] = challenge
    return challenge


def question(options: dict[str, object]) -> Response:
    """What the browser is to ask its passkeys."""
    response = jsonify(options)
    response.headers["Cache-Control"] = "no-store"
    return response


def challenge_for(purpose: str) -> str:
    """The challenge that this browser was given for this purpose, used up by this; raises webkeys.Wrong."""
    challenge = session.pop("challenge", "")
    with db.write() as s:
        if not challenge or not factors.take_challenge(s, challenge, purpose, clock.now()):
            raise webkeys.Wrong("challenge")
    return challenge


def holder_of(
    answer: str, purpose: str, person_id: int | None = None, must_verify: bool = True
) -> tuple[Passkey, Person]:
    """Whose passkey answered, of this person where one is named; raises webkeys.Wrong.

    Where nobody is named the passkey has to say itself whose it is.
    """
    challenge = challenge_for(purpose)
    given = webkeys.answer(answer)
    with db.read() as s:
        found = queries.passkey_of(s, given.credential_id)
    if found is None:
        raise webkeys.Wrong("unknown")
    passkey, person = found
    if person_id is not None and person.id != person_id:
        raise webkeys.Wrong("other_person")
    if given.holder != person.uuid.bytes and (given.holder is not None or person_id is None):
        raise webkeys.Wrong("holder")
    count = webkeys.check(given, challenge, passkey.public_key, passkey.sign_count, must_verify)
    with db.write() as s:
        if not factors.use_passkey(s, passkey, count, clock.now()):
            raise webkeys.Wrong("counter")
    return passkey, person
