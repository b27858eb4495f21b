"""What may be added to a day: the regions where it hurts, and factors."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade():
    op.add_column("entry", sa.Column("extras", sa.String(), nullable=True))


def downgrade():
    with op.batch_alter_table("entry") as batch:
        batch.drop_column("extras")
