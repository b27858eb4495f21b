"""Flags and what happened to them; a clinic's zone and opening hours."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0006"
down_revision = "0005"
LIVE = sa.text("state <> 'closed'")


def upgrade():
    op.add_column("clinic", sa.Column("zone", sa.String(), nullable=False, server_default="Europe/London"))
    op.add_column("clinic", sa.Column("opening", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "flag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_version", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("matter", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("waits_since", sa.BigInteger(), nullable=False),
        sa.Column("resent", sa.Boolean(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_flag_clinic_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_flag_patient_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_flag_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flag"),
        sa.UniqueConstraint("clinic_id", "number", name="uq_flag_clinic_id_number"),
        sa.UniqueConstraint("uuid", name="uq_flag_uuid"),
    )
    op.create_index("ix_flag_clinic_id_state", "flag", ["clinic_id", "state"])
    op.create_index(
        "uq_flag_live_matter", "flag", ["patient_id", "clinic_id", "rule", "matter"],
        unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
    )  # fmt: skip
    op.create_table(
        "flag_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("write_id", sa.Uuid(), nullable=True),
        sa.Column("resent", sa.Boolean(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.id"], name="fk_flag_event_flag_id"),
        sa.PrimaryKeyConstraint("id", name="pk_flag_event"),
        sa.UniqueConstraint("flag_id", "number", name="uq_flag_event_flag_id_number"),
    )
    append_only.keep(op.get_bind(), "flag")
    append_only.create(op.get_bind(), "flag_event")


def downgrade():
    append_only.drop(op.get_bind(), "flag_event")
    append_only.let_go(op.get_bind(), "flag")
    op.drop_table("flag_event")
    op.drop_table("flag")
    with op.batch_alter_table("clinic") as batch:
        batch.drop_column("opening")
        batch.drop_column("zone")
