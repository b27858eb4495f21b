"""Medicines, one row a dose from a day on, and their revisions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade():
    op.create_table(
        "medication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("name_index", sa.LargeBinary(32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("class_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("until_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("dose", sa.Float(), nullable=True),
        sa.Column("parts", sa.String(), nullable=False),
        sa.Column("dose_unit", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("times_per_day", sa.Float(), nullable=True),
        sa.Column("as_needed", sa.Boolean(), nullable=False),
        sa.Column("is_struck", sa.Boolean(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("said_by_id", sa.Integer(), nullable=True),
        sa.Column("is_outside_plan", sa.Boolean(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_medication_clinic_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_medication_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_medication"),
        sa.UniqueConstraint(
            "patient_id", "name_index", "from_on", name="uq_medication_patient_id_name_index_from_on"
        ),
        sa.UniqueConstraint("uuid", name="uq_medication_uuid"),
    )
    op.create_table(
        "medication_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("medication_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("values", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("said_by", sa.String(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["medication_id"], ["medication.id"], name="fk_medication_revision_medication_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_medication_revision"),
        sa.UniqueConstraint("medication_id", "number", name="uq_medication_revision_medication_id_number"),
    )


def downgrade():
    op.drop_table("medication_revision")
    op.drop_table("medication")
