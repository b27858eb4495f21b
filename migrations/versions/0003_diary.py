"""The daily diary and its revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.create_table(
        "entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("pain", sa.Float(), nullable=True),
        sa.Column("fatigue", sa.Float(), nullable=True),
        sa.Column("sleep", sa.Float(), nullable=True),
        sa.Column("mood", sa.Float(), nullable=True),
        sa.Column("cognition", sa.Float(), nullable=True),
        sa.Column("worst_pain", sa.Float(), nullable=True),
        sa.Column("interference", sa.Float(), nullable=True),
        sa.Column("sleep_hours", sa.Float(), nullable=True),
        sa.Column("times_awake", sa.Integer(), nullable=True),
        sa.Column("unwell", sa.Boolean(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_private", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("has_conflict", sa.Boolean(), nullable=False),
        sa.Column("last_write", sa.LargeBinary(length=16), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_entry_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sa.UniqueConstraint("person_id", "day", name="uq_entry_person_id_day"),
    )
    op.create_table(
        "entry_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("names", sa.LargeBinary(length=16), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("clock_off", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], name="fk_entry_revision_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entry_revision"),
        sa.UniqueConstraint("entry_id", "number", name="uq_entry_revision_entry_id_number"),
    )


def downgrade():
    op.drop_table("entry_revision")
    op.drop_table("entry")
