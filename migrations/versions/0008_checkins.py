"""Check-ins and intentions with every write of them; the receipt of a write says where it went."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0008"
down_revision = "0007"


def upgrade():
    op.create_table(
        "checkin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("infusion_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("answers", sa.String(), nullable=False),
        sa.Column("own_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_private", sa.Boolean(), nullable=False),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("has_conflict", sa.Boolean(), nullable=False),
        sa.Column("last_write", sa.LargeBinary(length=16), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_checkin_person_id"),
        sa.ForeignKeyConstraint(["infusion_id"], ["infusion.id"], name="fk_checkin_infusion_id"),
        sa.PrimaryKeyConstraint("id", name="pk_checkin"),
        sa.UniqueConstraint(
            "person_id", "kind", "infusion_id", "day", name="uq_checkin_person_id_kind_infusion_id_day"
        ),
    )
    op.create_table(
        "checkin_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checkin_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("write_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("names", sa.LargeBinary(length=16), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("clock_off", sa.Boolean(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("zone_assumed", sa.Boolean(), nullable=False),
        sa.Column("fields", sa.String(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("own_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("fired", sa.String(), nullable=False),
        sa.Column("help_shown", sa.Boolean(), nullable=False),
        sa.Column("resent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkin.id"], name="fk_checkin_revision_checkin_id"),
        sa.PrimaryKeyConstraint("id", name="pk_checkin_revision"),
        sa.UniqueConstraint("checkin_id", "number", name="uq_checkin_revision_checkin_id_number"),
    )
    append_only.create(op.get_bind(), "checkin_revision")
    op.add_column("sync_write", sa.Column("checkin_id", sa.Integer(), nullable=True))


def downgrade():
    with op.batch_alter_table("sync_write", table_kwargs={"sqlite_with_rowid": False}) as batch:
        batch.drop_column("checkin_id")
    append_only.drop(op.get_bind(), "checkin_revision")
    op.drop_table("checkin_revision")
    op.drop_table("checkin")
