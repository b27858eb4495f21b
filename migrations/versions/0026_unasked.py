"""Which side effects a clinic's check-ins leave out."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade():
    op.add_column("clinic", sa.Column("unasked", sa.String(), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("clinic") as batch:
        batch.drop_column("unasked")
