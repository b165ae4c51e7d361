"""CDS cards, and what clinicians did with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "cards",
        sa.Column("uuid", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("service", sa.String(100), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("indicator", sa.String(20), nullable=False),
        sa.Column("patient_digest", sa.String(64), nullable=False),
        sa.Column("facts_digest", sa.String(64), nullable=False),
    )
    op.create_index("ix_cards_at", "cards", ["at"])
    op.create_index("ix_cards_patient_digest_facts_digest_topic", "cards", ["patient_digest", "facts_digest", "topic"])
    op.create_table(
        "feedback",
        sa.Column("id", serial, primary_key=True),
        sa.Column("card", sa.String(64), sa.ForeignKey("cards.uuid", ondelete="CASCADE"), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("outcome_at", sa.DateTime, nullable=False),
        sa.Column("accepted_suggestions", sa.Text, nullable=False),
        sa.Column("reason_code", sa.String(100)),
        sa.Column("reason_system", sa.String(300)),
        sa.Column("comment", sa.Text),
        sa.UniqueConstraint("card", "outcome", "outcome_at"),
    )
