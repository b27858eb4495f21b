"""People and the sessions of their devices."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Index, LargeBinary, false, text
from sqlmodel import Field, SQLModel

from diary.accounts.rules import BY_PASSKEY, handle_of
from diary.lib import sealing
from diary.lib.types import Moment

WAITING = text("try_at IS NOT NULL")


class Person(SQLModel, table=True):
    """Somebody who signs in; name, birth date and e-mail are sealed, the e-mail is found by its index.

    Whoever was erased stays as a number, so that what others did with them still points somewhere.
    """

    __tablename__ = "person"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    email_index: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    email_sealed: bytes
    name_sealed: bytes
    born_sealed: bytes | None = None
    zone: str = "Europe/London"
    passphrase_hash: str | None = None
    created_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    erased_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    swept_at: datetime | None = Field(default=None, sa_type=Moment)  # nothing can come in late any more
    # When the record goes, since no clinic keeps it any more; and when the mail that says so had left.
    goes_at: datetime | None = Field(default=None, sa_type=Moment)
    told_at: datetime | None = Field(default=None, sa_type=Moment)

    email = sealing.sealed("email", lambda person: person.uuid.hex)
    name = sealing.sealed("name", lambda person: person.uuid.hex)
    by_email = sealing.indexed("email_index", lambda person: person.email)
    born = sealing.sealed("born", lambda person: person.uuid.hex)

    @property
    def born_on(self) -> date | None:
        return date.fromisoformat(self.born) if self.born else None

    @property
    def has_passphrase(self) -> bool:
        """Not so before an invitation is accepted, and for whoever chose to sign in by passkey alone."""
        return self.passphrase_hash not in (None, BY_PASSKEY)


class LoginSession(SQLModel, table=True):
    """A device that is signed in; the cookie holds a token of which only the hash is kept.

    `is_half`: the passphrase was right and a second factor is still to come; such a row opens nothing else.
    """

    __tablename__ = "login_session"

    id: int = Field(default=None, primary_key=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    person_id: int = Field(foreign_key="person.id", index=True)
    device: str = ""
    is_staff: bool = False
    created_at: datetime = Field(sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
    revoked: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    is_half: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    is_new: bool = Field(
        default=False, sa_column_kwargs={"server_default": false()}
    )  # its device was unknown
    proven_at: datetime | None = Field(default=None, sa_type=Moment)  # last proof of who it is
    second_at: datetime | None = Field(default=None, sa_type=Moment)  # when a second factor was given

    @property
    def handle(self) -> UUID:
        return handle_of(self.token_hash)


class KnownDevice(SQLModel, table=True):
    """A device that signed in before; it has a budget of its own, so that nobody can lock its owner out."""

    __tablename__ = "known_device"

    id: int = Field(default=None, primary_key=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    person_id: int = Field(foreign_key="person.id", index=True)
    created_at: datetime = Field(sa_type=Moment)


class SignInBudget(SQLModel, table=True):
    """Failed sign-ins of one account, address or device within the running window."""

    __tablename__ = "sign_in_budget"

    key: bytes = Field(sa_column=Column(LargeBinary(32), primary_key=True))
    failures: int = 0
    since: datetime = Field(sa_type=Moment)


class Passkey(SQLModel, table=True):
    """A key that a phone, a computer or a stick keeps for somebody; the server has its public half."""

    __tablename__ = "passkey"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    credential_id: bytes = Field(sa_column=Column(LargeBinary, unique=True, nullable=False))
    public_key: bytes
    sign_count: int = Field(default=0, sa_type=BigInteger)
    transports: str = ""
    name_sealed: bytes
    made_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)

    name = sealing.sealed("name", lambda passkey: passkey.uuid.hex)


class PasskeyChallenge(SQLModel, table=True):
    """What a browser was asked to sign; whoever answers takes the row away, so that an answer counts once."""

    __tablename__ = "passkey_challenge"

    hash: bytes = Field(sa_column=Column(LargeBinary(32), primary_key=True))
    purpose: str
    made_at: datetime = Field(sa_type=Moment, index=True)


class Authenticator(SQLModel, table=True):
    """The secret that an app makes six digits from; it counts once a code of it was typed back."""

    __tablename__ = "authenticator"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    secret_sealed: bytes
    made_at: datetime = Field(sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    last_step: int = Field(default=0, sa_type=BigInteger)  # no code up to this half minute counts again

    secret = sealing.sealed("secret", lambda authenticator: authenticator.uuid.hex)


class RecoveryCode(SQLModel, table=True):
    """One of ten codes on paper for the day when the phone is gone; each opens once."""

    __tablename__ = "recovery_code"

    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    code_hash: bytes = Field(sa_column=Column(LargeBinary(32), nullable=False))
    made_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)

    by_code = sealing.indexed("code_hash", None, until="used_at")


class MailedLink(SQLModel, table=True):
    """A link that was mailed: to set a new passphrase, or to confirm a new e-mail address. Works once, not for long."""

    __tablename__ = "mailed_link"

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    token_hash: bytes = Field(sa_column=Column(LargeBinary(32), unique=True, nullable=False))
    person_id: int = Field(foreign_key="person.id", index=True)
    purpose: str
    email_sealed: bytes | None = None
    made_at: datetime = Field(sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)

    email = sealing.sealed("email", lambda link: link.uuid.hex)


class AccountMail(SQLModel, table=True):
    """A mail about somebody's account that waits to be sent; of nobody where an unknown address was typed.

    `waiting`, then `sent`, `failed` or `skipped`. Who sends it moves `try_at` ahead first: a sender that dies leaves
    it to the next round.
    """

    __tablename__ = "account_mail"
    __table_args__ = (
        Index("ix_account_mail_try_at", "try_at", sqlite_where=WAITING, postgresql_where=WAITING),
    )

    id: int = Field(default=None, primary_key=True)
    uuid: UUID = Field(default_factory=uuid4, unique=True)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    kind: str
    to_sealed: bytes | None = None  # where it is another address than the person's own
    about: str = ""  # a device as its browser names it
    state: str = "waiting"
    reason: str = ""
    attempts: int = 0
    made_at: datetime = Field(sa_type=Moment)
    try_at: datetime | None = Field(default=None, sa_type=Moment)
    expires_at: datetime = Field(sa_type=Moment)
    sent_at: datetime | None = Field(default=None, sa_type=Moment)

    to = sealing.sealed("to", lambda mail: mail.uuid.hex)
