"""A person's own copies of everything: asked for, made, and gone after a day."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"

RUNNING = sa.text("made_at IS NULL AND failed_at IS NULL")


def upgrade():
    op.create_table(
        "copy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("parts_done", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("zip_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_copy_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_copy"),
        sa.UniqueConstraint("uuid", name="uq_copy_uuid"),
    )
    op.create_index("ix_copy_person_id", "copy", ["person_id"])
    op.create_index(
        "ix_copy_running", "copy", ["person_id"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING,
    )  # fmt: skip


def downgrade():
    op.drop_table("copy")
