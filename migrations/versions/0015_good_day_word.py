"""A word from a good day: every write of it."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0015"
down_revision = "0014"


def upgrade():
    op.create_table(
        "good_day_word",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("names", sa.LargeBinary(length=16), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("clock_off", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("zone_assumed", sa.Boolean(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("word_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_good_day_word_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_good_day_word"),
        sa.UniqueConstraint("person_id", "number", name="uq_good_day_word_person_id_number"),
    )
    append_only.create(op.get_bind(), "good_day_word")


def downgrade():
    append_only.drop(op.get_bind(), "good_day_word")
    op.drop_table("good_day_word")
