"""Planned longer gaps between infusions; revisions of infusions can't be changed or removed."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0012"
down_revision = "0011"


def upgrade():
    op.create_table(
        "planned_gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("infusion_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("usual_days", sa.Float(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("marked_by", sa.Integer(), nullable=True),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_by", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_planned_gap_patient_id"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_planned_gap_clinic_id"),
        sa.ForeignKeyConstraint(["infusion_id"], ["infusion.id"], name="fk_planned_gap_infusion_id"),
        sa.PrimaryKeyConstraint("id", name="pk_planned_gap"),
        sa.UniqueConstraint("uuid", name="uq_planned_gap_uuid"),
    )
    op.create_index("ix_planned_gap_patient_id", "planned_gap", ["patient_id"])
    append_only.keep(op.get_bind(), "planned_gap")
    append_only.create(op.get_bind(), "infusion_revision")


def downgrade():
    append_only.drop(op.get_bind(), "infusion_revision")
    append_only.let_go(op.get_bind(), "planned_gap")
    op.drop_index("ix_planned_gap_patient_id", "planned_gap")
    op.drop_table("planned_gap")
