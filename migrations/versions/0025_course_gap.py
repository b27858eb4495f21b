"""After how many days without an infusion a clinic's patients begin a new course."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade():
    op.add_column("clinic", sa.Column("course_gap_days", sa.Integer(), nullable=True))


def downgrade():
    with op.batch_alter_table("clinic") as batch:
        batch.drop_column("course_gap_days")
