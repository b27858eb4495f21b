"""Which life of the database this is: a restored one gets a new epoch, upon which phones send again."""

from sqlmodel import Field, SQLModel


class SyncEpoch(SQLModel, table=True):
    """One row; its text changes when the database was restored from a backup."""

    __tablename__ = "sync_epoch"

    id: int = Field(default=1, primary_key=True)
    epoch: str
