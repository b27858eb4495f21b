"""When a patient's diary and infusions were changed last, by a seek in an index."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade():
    op.create_index("ix_entry_person_changed", "entry", ["person_id", "changed_at"])
    op.create_index("ix_infusion_patient_changed", "infusion", ["patient_id", "changed_at"])


def downgrade():
    op.drop_index("ix_infusion_patient_changed", "infusion")
    op.drop_index("ix_entry_person_changed", "entry")
