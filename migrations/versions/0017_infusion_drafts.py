"""Drafts of infusion records: a form kept as it was typed, for the one who typed it."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade():
    op.create_table(
        "infusion_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("typed_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_infusion_draft_patient_id"),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name="fk_infusion_draft_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_infusion_draft"),
        sa.UniqueConstraint(
            "patient_id", "author_id", "about", name="uq_infusion_draft_patient_id_author_id_about"
        ),
    )


def downgrade():
    op.drop_table("infusion_draft")
