"""What every table shares: the metadata with named constraints, and moments that are always aware and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = SQLModel.metadata

Json = JSON().with_variant(JSONB(), "postgresql")
"""A JSON column; PostgreSQL keeps it as jsonb."""


class Moment(TypeDecorator[datetime]):
    """A point in time: refuses naive values, stores UTC without a zone, returns aware UTC."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def moment(*, nullable: bool = False, index: bool = False) -> Any:
    """A field holding a moment."""
    extra: dict[str, Any] = {"default": None} if nullable else {}
    return Field(sa_type=Moment, nullable=nullable, index=index, **extra)


def json_field(**extra: Any) -> Any:
    """A field holding JSON."""
    return Field(sa_type=Json, **extra)
