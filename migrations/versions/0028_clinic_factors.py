"""What a clinic adds to the list of what happened on a day."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade():
    op.create_table(
        "clinic_factor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_clinic_factor_clinic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_clinic_factor"),
        sa.UniqueConstraint("uuid", name="uq_clinic_factor_uuid"),
    )
    op.create_index("ix_clinic_factor_clinic_id", "clinic_factor", ["clinic_id"])


def downgrade():
    op.drop_table("clinic_factor")
