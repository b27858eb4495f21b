"""As-needed doses as they were taken: how many on a day, as said last."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0013"
down_revision = "0012"


def upgrade():
    op.create_table(
        "dose_taken",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("medication_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["medication_id"], ["medication.id"], name="fk_dose_taken_medication_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_dose_taken_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dose_taken"),
    )
    op.create_index("ix_dose_taken_patient_id_day", "dose_taken", ["patient_id", "day"])
    append_only.create(op.get_bind(), "dose_taken")


def downgrade():
    append_only.drop(op.get_bind(), "dose_taken")
    op.drop_index("ix_dose_taken_patient_id_day", "dose_taken")
    op.drop_table("dose_taken")
