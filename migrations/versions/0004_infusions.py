"""Infusions and their revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade():
    op.create_table(
        "infusion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at_time", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("dose_mg", sa.Float(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("weight_kg", sa.Float(), nullable=True),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_infusion_clinic_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_infusion_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_infusion"),
        sa.UniqueConstraint("patient_id", "day", "at_time", name="uq_infusion_patient_id_day_at_time"),
        sa.UniqueConstraint("patient_id", "number", name="uq_infusion_patient_id_number"),
        sa.UniqueConstraint("uuid", name="uq_infusion_uuid"),
    )
    op.create_table(
        "infusion_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("infusion_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("values", sa.String(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["infusion_id"], ["infusion.id"], name="fk_infusion_revision_infusion_id"),
        sa.PrimaryKeyConstraint("id", name="pk_infusion_revision"),
        sa.UniqueConstraint("infusion_id", "number", name="uq_infusion_revision_infusion_id_number"),
    )


def downgrade():
    op.drop_table("infusion_revision")
    op.drop_table("infusion")
