"""The tables, the same for SQLite and PostgreSQL. `migrations/` builds them step by step; a test holds the two equal."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

#: every constraint has a name, so that a later migration can change it
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware time, kept as UTC without a zone, since SQLite keeps none. A naive time is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


#: SQLite counts by itself only in a column that is called INTEGER
Serial = BigInteger().with_variant(Integer, "sqlite")

audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("caller", String(200), nullable=False),
    Column("method", String(10), nullable=False),
    Column("route", String(200), nullable=False),
    Column("status", Integer, nullable=False),
    Column("input_digest", String(64)),
    Column("knowledge_digest", String(64), nullable=False),
    Column("urgency", String(40)),
    Column("note", Text),
    Index(None, "at"),
)

assessments = Table(
    "assessments",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("caller", String(200), nullable=False),
    Column("input", LargeBinary, nullable=False),
    Column("input_digest", String(64), nullable=False),
    Column("draws", Integer, nullable=False),
    Column("knowledge_digest", String(64), nullable=False),
    Column("package_version", String(40), nullable=False),
    Column("output_digest", String(64), nullable=False),
    Column("delivered_digest", String(64), nullable=False),
    Column("urgency", String(40), nullable=False),
    Index(None, "at"),
)

cards = Table(
    "cards",
    metadata,
    Column("uuid", String(64), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("service", String(100), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("indicator", String(20), nullable=False),
    Column("patient_digest", String(64), nullable=False),
    Column("facts_digest", String(64), nullable=False),
    Index(None, "at"),
    Index(None, "patient_digest", "facts_digest", "topic"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("card", String(64), ForeignKey("cards.uuid", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("outcome_at", Moment, nullable=False),
    Column("accepted_suggestions", Text, nullable=False),
    Column("reason_code", String(100)),
    Column("reason_system", String(300)),
    Column("comment", Text),
    UniqueConstraint("card", "outcome", "outcome_at"),
)
