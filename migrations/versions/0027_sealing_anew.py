"""What is append-only may be sealed anew with another key, and change in nothing else."""

from alembic import op

from diary.lib import append_only

revision = "0027"
down_revision = "0026"

TABLES = ("flag_event", "checkin_revision", "care_session_revision", "infusion_revision", "good_day_word")


def upgrade():
    for table in TABLES:
        append_only.let_reseal(op.get_bind(), table)


def downgrade():
    for table in TABLES:
        append_only.no_reseal(op.get_bind(), table)
