"""Sessions, what was agreed on in them, and goals."""

import sqlalchemy as sa
from alembic import op

from diary.lib import append_only

revision = "0009"
down_revision = "0008"
KEPT = ("care_session", "commitment", "goal")


def upgrade():
    op.create_table(
        "care_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("with_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("private_note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("shared_at", sa.BigInteger(), nullable=True),
        sa.Column("revisions", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name="fk_care_session_clinic_id"),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_care_session_patient_id"),
        sa.ForeignKeyConstraint(["with_id"], ["person.id"], name="fk_care_session_with_id"),
        sa.PrimaryKeyConstraint("id", name="pk_care_session"),
        sa.UniqueConstraint("uuid", name="uq_care_session_uuid"),
    )
    op.create_index("ix_care_session_patient_id_starts_at", "care_session", ["patient_id", "starts_at"])
    op.create_table(
        "care_session_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("values", sa.String(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["care_session.id"], name="fk_care_session_revision_session_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_care_session_revision"),
        sa.UniqueConstraint("session_id", "number", name="uq_care_session_revision_session_id_number"),
    )
    op.create_table(
        "commitment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("outcome_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_commitment_patient_id"),
        sa.ForeignKeyConstraint(["session_id"], ["care_session.id"], name="fk_commitment_session_id"),
        sa.PrimaryKeyConstraint("id", name="pk_commitment"),
        sa.UniqueConstraint("session_id", "place", name="uq_commitment_session_id_place"),
        sa.UniqueConstraint("uuid", name="uq_commitment_uuid"),
    )
    op.create_index("ix_commitment_patient_id", "commitment", ["patient_id"])
    op.create_table(
        "commitment_tick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commitment_id"], ["commitment.id"], name="fk_commitment_tick_commitment_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_commitment_tick"),
        sa.UniqueConstraint("commitment_id", "day", name="uq_commitment_tick_commitment_id_day"),
    )
    op.create_table(
        "goal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("was_id", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name="fk_goal_patient_id"),
        sa.ForeignKeyConstraint(["was_id"], ["goal.id"], name="fk_goal_was_id"),
        sa.PrimaryKeyConstraint("id", name="pk_goal"),
        sa.UniqueConstraint("uuid", name="uq_goal_uuid"),
    )
    op.create_index("ix_goal_patient_id", "goal", ["patient_id"])
    for table in KEPT:
        append_only.keep(op.get_bind(), table)
    append_only.create(op.get_bind(), "care_session_revision")


def downgrade():
    append_only.drop(op.get_bind(), "care_session_revision")
    for table in reversed(KEPT):
        append_only.let_go(op.get_bind(), table)
    op.drop_index("ix_goal_patient_id", "goal")
    op.drop_table("goal")
    op.drop_table("commitment_tick")
    op.drop_index("ix_commitment_patient_id", "commitment")
    op.drop_table("commitment")
    op.drop_table("care_session_revision")
    op.drop_index("ix_care_session_patient_id_starts_at", "care_session")
    op.drop_table("care_session")
