"""The phone's outbox; sessions that were revoked; people who accepted an invitation and were confirmed."""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade():
    table = op.create_table(
        "sync_epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sync_epoch"),
    )
    op.bulk_insert(table, [{"id": 1, "epoch": uuid4().hex}])
    op.add_column("sync_write", sa.Column("entry_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE sync_write SET entry_id = (SELECT r.entry_id FROM entry_revision AS r"
        " JOIN entry AS e ON e.id = r.entry_id"
        " WHERE e.person_id = sync_write.person_id AND r.write_id = sync_write.id)"
    )
    op.add_column("membership", sa.Column("accepted_at", sa.BigInteger(), nullable=True))
    op.add_column("membership", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    no = sa.false()
    op.add_column("login_session", sa.Column("revoked", sa.Boolean(), nullable=False, server_default=no))
    op.add_column(
        "entry_revision", sa.Column("zone_assumed", sa.Boolean(), nullable=False, server_default=no)
    )


def downgrade():
    with op.batch_alter_table("sync_write", table_kwargs={"sqlite_with_rowid": False}) as batch:
        batch.drop_column("entry_id")
    with op.batch_alter_table("entry_revision") as batch:
        batch.drop_column("zone_assumed")
    with op.batch_alter_table("login_session") as batch:
        batch.drop_column("revoked")
    with op.batch_alter_table("membership") as batch:
        batch.drop_column("confirmed_at")
        batch.drop_column("accepted_at")
    op.drop_table("sync_epoch")
