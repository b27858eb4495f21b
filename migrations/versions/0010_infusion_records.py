"""What was given beyond the dose, and why a record was changed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade():
    op.add_column("infusion", sa.Column("given", sa.String(), nullable=False, server_default="{}"))
    op.add_column("infusion", sa.Column("given_words_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("infusion_revision", sa.Column("given_words_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("infusion_revision", sa.Column("reason_sealed", sa.LargeBinary(), nullable=True))


def downgrade():
    op.drop_column("infusion_revision", "reason_sealed")
    op.drop_column("infusion_revision", "given_words_sealed")
    op.drop_column("infusion", "given_words_sealed")
    op.drop_column("infusion", "given")
