"""A person can be erased: what is append-only lets go of rows while, and only while, the row of `erasing` is there."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0029"
down_revision = "0028"

TABLES = (
    "care_session", "care_session_revision", "checkin_revision", "commitment", "dose_taken", "flag_event", "goal",
    "good_day_word", "infusion_revision", "planned_gap", "tick_revision",
)  # fmt: skip


def upgrade():
    op.create_table(
        "erasing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("never_id", sa.Integer(), nullable=False),
        # There is only the row 1, which points to a row 2: so it can be made, and never be committed.
        sa.CheckConstraint("id = 1 AND never_id = 2", name="ck_erasing_never"),
        sa.ForeignKeyConstraint(
            ["never_id"], ["erasing.id"], name="fk_erasing_never_id", deferrable=True, initially="DEFERRED"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_erasing"),
    )
    op.add_column("person", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    for column in ("swept_at", "goes_at", "told_at"):
        op.add_column("person", sa.Column(column, sa.BigInteger(), nullable=True))
    op.create_index("ix_person_erased_at", "person", ["erased_at"])
    for table in TABLES:
        append_only.let_erase(op.get_bind(), table)


def downgrade():
    for table in TABLES:
        append_only.no_erase(op.get_bind(), table)
    op.drop_index("ix_person_erased_at", "person")
    with op.batch_alter_table("person") as batch:
        for column in ("told_at", "goes_at", "swept_at", "erased_at"):
            batch.drop_column(column)
    op.drop_table("erasing")
