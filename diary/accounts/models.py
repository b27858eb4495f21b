"""People and the sessions of their devices."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import Column, LargeBinary, false
from sqlmodel import Field, SQLModel

from diary.lib import sealing
from diary.lib.types import Moment


class Person(SQLModel, table=True):
    """Somebody who signs in; name, birth date and e-mail are sealed, the e-mail is found by its index."""

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

    email = sealing.sealed("email", lambda person: person.uuid.hex)
    name = sealing.sealed("name", lambda person: person.uuid.hex)
    born = sealing.sealed("born", lambda person: person.uuid.hex)

    @property
    def born_on(self) -> date | None:
        return date.fromisoformat(self.born) if self.born else None


class LoginSession(SQLModel, table=True):
    """A device that is signed in; the cookie holds a token of which only the hash is kept."""

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
