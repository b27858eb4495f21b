"""On which later days after an infusion a clinic's patients are asked."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade():
    op.add_column("clinic", sa.Column("checkin_days", sa.String(), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("clinic") as batch:
        batch.drop_column("checkin_days")
