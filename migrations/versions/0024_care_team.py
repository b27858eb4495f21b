"""Care links with dates and cover, codes that sign in, break-glass, notices, and how long a clinic keeps."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

LIVE = sa.text("ended_at IS NULL")


def _person(table, column="person_id"):
    return sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{table}_{column}")


def _clinic(table):
    return sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=f"fk_{table}_clinic_id")


def upgrade():
    op.add_column("clinic", sa.Column("retention_months", sa.Integer(), nullable=True))
    with op.batch_alter_table("care_link") as batch:
        batch.add_column(sa.Column("ends_at", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("covers_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("agreed_at", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("agreed_wording", sa.String(), nullable=False, server_default=""))
        batch.create_foreign_key("fk_care_link_covers_id", "person", ["covers_id"], ["id"])
    _end_doubles()
    op.create_index(
        "ix_membership_live", "membership", ["clinic_id", "person_id", "role"],
        unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
    )  # fmt: skip
    op.add_column("invitation", sa.Column("uuid", sa.Uuid(), nullable=True))
    op.add_column("invitation", sa.Column("name_sealed", sa.LargeBinary(), nullable=True))
    _name_invitations()
    with op.batch_alter_table("invitation") as batch:
        batch.alter_column("uuid", nullable=False, existing_type=sa.Uuid())
        batch.create_unique_constraint("uq_invitation_uuid", ["uuid"])
    op.create_table(
        "sign_in_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        _clinic("sign_in_code"),
        _person("sign_in_code"),
        _person("sign_in_code", "made_by"),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_code"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_code_token_hash"),
    )
    op.create_index("ix_sign_in_code_code_hash", "sign_in_code", ["code_hash"])
    op.create_index("ix_sign_in_code_person_id", "sign_in_code", ["person_id"])
    op.create_table(
        "break_glass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        _clinic("break_glass"),
        _person("break_glass", "patient_id"),
        _person("break_glass", "staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_break_glass"),
        sa.UniqueConstraint("uuid", name="uq_break_glass_uuid"),
    )
    op.create_index("ix_break_glass_staff_id_patient_id", "break_glass", ["staff_id", "patient_id"])
    op.create_index("ix_break_glass_patient_id", "break_glass", ["patient_id"])
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("about_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        _clinic("notice"),
        _person("notice"),
        _person("notice", "actor_id"),
        _person("notice", "about_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("uuid", name="uq_notice_uuid"),
    )
    op.create_index("ix_notice_person_id_seen_at", "notice", ["person_id", "seen_at"])


def _end_doubles():
    """Nobody has the same role in the same clinic twice; where two admins gave it at once, the first stays."""
    op.get_bind().execute(
        sa.text(
            "UPDATE membership SET ended_at = began_at WHERE ended_at IS NULL AND id NOT IN "
            "(SELECT min(id) FROM membership WHERE ended_at IS NULL GROUP BY clinic_id, person_id, role)"
        )
    )


def _name_invitations():
    table = sa.table("invitation", sa.column("id", sa.Integer), sa.column("uuid", sa.Uuid))
    bind = op.get_bind()
    for row in bind.execute(sa.select(table.c.id)).all():
        bind.execute(table.update().where(table.c.id == row.id).values(uuid=uuid.uuid4()))


def downgrade():
    for table in ("notice", "break_glass", "sign_in_code"):
        op.drop_table(table)
    with op.batch_alter_table("invitation") as batch:
        batch.drop_constraint("uq_invitation_uuid", type_="unique")
        batch.drop_column("name_sealed")
        batch.drop_column("uuid")
    op.drop_index("ix_membership_live", "membership")
    with op.batch_alter_table("care_link") as batch:
        batch.drop_constraint("fk_care_link_covers_id", type_="foreignkey")
        for column in ("agreed_wording", "agreed_at", "covers_id", "ends_at"):
            batch.drop_column(column)
    with op.batch_alter_table("clinic") as batch:
        batch.drop_column("retention_months")
