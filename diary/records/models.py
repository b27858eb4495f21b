"""The one row that opens what is append-only, within the transaction that erases."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer
from sqlmodel import Field, SQLModel


class Erasing(SQLModel, table=True):
    """A row that points to one which can't exist: the database refuses to commit it, so it is gone before."""

    __tablename__ = "erasing"
    __table_args__ = (CheckConstraint("id = 1 AND never_id = 2", name="never"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    never_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("erasing.id", deferrable=True, initially="DEFERRED"), nullable=False
        )
    )
