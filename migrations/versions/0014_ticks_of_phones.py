"""Every write of a commitment's tick, from a page or a phone."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0014"
down_revision = "0013"


def upgrade():
    op.create_table(
        "tick_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.LargeBinary(16), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("clock_off", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("zone_assumed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name="fk_tick_revision_commitment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tick_revision"),
        sa.UniqueConstraint(
            "commitment_id", "day", "number", name="uq_tick_revision_commitment_id_day_number"
        ),
    )
    append_only.create(op.get_bind(), "tick_revision")


def downgrade():
    append_only.drop(op.get_bind(), "tick_revision")
    op.drop_table("tick_revision")
