"""Which reports were made."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade():
    op.create_table(
        "report_made",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("paper", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_report_made_patient_id"),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_report_made_clinic_id"),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name="fk_report_made_asked_by"),
        sa.PrimaryKeyConstraint("id", name="pk_report_made"),
        sa.UniqueConstraint("uuid", name="uq_report_made_uuid"),
    )
    op.create_index("ix_report_made_patient_id", "report_made", ["patient_id"])


def downgrade():
    op.drop_table("report_made")
