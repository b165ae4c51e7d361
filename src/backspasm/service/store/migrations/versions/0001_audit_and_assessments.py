"""The audit trail and saved assessments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", serial, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("caller", sa.String(200), nullable=False),
        sa.Column("method", sa.String(10), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("input_digest", sa.String(64)),
        sa.Column("knowledge_digest", sa.String(64), nullable=False),
        sa.Column("urgency", sa.String(40)),
        sa.Column("note", sa.Text),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "assessments",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("caller", sa.String(200), nullable=False),
        sa.Column("input", sa.LargeBinary, nullable=False),
        sa.Column("input_digest", sa.String(64), nullable=False),
        sa.Column("draws", sa.Integer, nullable=False),
        sa.Column("knowledge_digest", sa.String(64), nullable=False),
        sa.Column("package_version", sa.String(40), nullable=False),
        sa.Column("output_digest", sa.String(64), nullable=False),
        sa.Column("delivered_digest", sa.String(64), nullable=False),
        sa.Column("urgency", sa.String(40), nullable=False),
    )
    op.create_index("ix_assessments_at", "assessments", ["at"])
