"""The chain over the audit trail, and the reasons in words that can be erased."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0021"
down_revision = "0020"


def upgrade():
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_chain"),
        sa.UniqueConstraint("event_id", name="uq_audit_chain_event_id"),
    )
    op.create_table(
        "audit_reason",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name="fk_audit_reason_event_id"),
        sa.PrimaryKeyConstraint("event_id", name="pk_audit_reason"),
    )
    append_only.create(op.get_bind(), "audit_chain")


def downgrade():
    append_only.drop(op.get_bind(), "audit_chain")
    op.drop_table("audit_reason")
    op.drop_table("audit_chain")
