"""Symptoms that a person names in own words; their scores stand with the day."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade():
    op.create_table(
        "own_symptom",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_own_symptom_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_own_symptom"),
        sa.UniqueConstraint("uuid", name="uq_own_symptom_uuid"),
    )
    op.create_index("ix_own_symptom_person_id", "own_symptom", ["person_id"])


def downgrade():
    op.drop_table("own_symptom")
