"""The append-only audit trail and the receipts of writes."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("thing", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_event"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_event_patient_id_at", "audit_event", ["patient_id", "at"])
    op.create_table(
        "sync_write",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("superseded", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sync_write_person_id"),
        sa.PrimaryKeyConstraint("person_id", "id", name="pk_sync_write"),
        sqlite_with_rowid=False,
    )
    append_only.create(op.get_bind(), "audit_event")


def downgrade():
    append_only.drop(op.get_bind(), "audit_event")
    op.drop_table("sync_write")
    op.drop_table("audit_event")
