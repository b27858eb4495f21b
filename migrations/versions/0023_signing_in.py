"""Passkeys, authenticator apps, recovery codes, mailed links, mails about accounts; and which clinics want a second factor."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

WAITING = sa.text("try_at IS NOT NULL")


def _person(table):
    return sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=f"fk_{table}_person_id")


def upgrade():
    # Clinics that were here before get the rule too: nobody is locked out, since whoever has no second factor
    # sets one up after the next passphrase. A demo clinic has none.
    op.add_column(
        "clinic", sa.Column("second_factor", sa.String(), nullable=False, server_default="required")
    )
    op.execute(sa.text("UPDATE clinic SET second_factor = 'off' WHERE is_demo"))
    for name in ("is_half", "is_new"):
        op.add_column(
            "login_session", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    for name in ("proven_at", "second_at"):
        op.add_column("login_session", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.String(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        _person("passkey"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("uuid", name="uq_passkey_uuid"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_person_id", "passkey", ["person_id"])
    op.create_table(
        "passkey_challenge",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_passkey_challenge"),
    )
    op.create_index("ix_passkey_challenge_made_at", "passkey_challenge", ["made_at"])
    op.create_table(
        "authenticator",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        _person("authenticator"),
        sa.PrimaryKeyConstraint("id", name="pk_authenticator"),
        sa.UniqueConstraint("uuid", name="uq_authenticator_uuid"),
    )
    op.create_index("ix_authenticator_person_id", "authenticator", ["person_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        _person("recovery_code"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
    )
    op.create_index("ix_recovery_code_person_id", "recovery_code", ["person_id"])
    op.create_table(
        "mailed_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        _person("mailed_link"),
        sa.PrimaryKeyConstraint("id", name="pk_mailed_link"),
        sa.UniqueConstraint("uuid", name="uq_mailed_link_uuid"),
        sa.UniqueConstraint("token_hash", name="uq_mailed_link_token_hash"),
    )
    op.create_index("ix_mailed_link_person_id", "mailed_link", ["person_id"])
    op.create_table(
        "account_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("to_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("try_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        _person("account_mail"),
        sa.PrimaryKeyConstraint("id", name="pk_account_mail"),
        sa.UniqueConstraint("uuid", name="uq_account_mail_uuid"),
    )
    op.create_index("ix_account_mail_person_id", "account_mail", ["person_id"])
    op.create_index(
        "ix_account_mail_try_at", "account_mail", ["try_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )


def downgrade():
    for table in (
        "account_mail", "mailed_link", "recovery_code", "authenticator", "passkey_challenge", "passkey",
    ):  # fmt: skip
        op.drop_table(table)
    with op.batch_alter_table("login_session") as batch:
        for name in ("second_at", "proven_at", "is_new", "is_half"):
            batch.drop_column(name)
    with op.batch_alter_table("clinic") as batch:
        batch.drop_column("second_factor")
