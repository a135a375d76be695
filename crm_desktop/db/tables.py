"""The contract's tables as SQLAlchemy classes. Only services use them; none leaves a service."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NO_VIEWS = '{"forms": [], "tables": [], "kanbans": [], "calendars": []}'
OPEN_TO_ALL = '{"read": ["all"], "create": ["all"], "update": ["all"], "delete": ["all"]}'
EMPTY_JSON = text("'{}'::jsonb")
FALSE, TRUE = text("false"), text("true")


class Base(DeclarativeBase):
    metadata = MetaData()  # keys and constraints have PostgreSQL's default names
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as declared
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        UUID: PG_UUID(as_uuid=True),
        str: String,
    }


def _now() -> Mapped[datetime]:
    return mapped_column(server_default=func.now())


class User(Base):
    __tablename__ = "users"
    __table_args__ = (Index("ix_users_email", "email", unique=True),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    hashed_password: Mapped[str]
    full_name: Mapped[str]
    is_active: Mapped[bool]
    is_verified: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_login: Mapped[datetime | None]


class Field(Base):
    __tablename__ = "fields"
    __table_args__ = (
        UniqueConstraint("name", "created_by", name="uq_field_name_created_by"),
        Index("ix_fields_category", "category"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    label: Mapped[str]
    type: Mapped[str]
    description: Mapped[str | None] = mapped_column(Text)
    config: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_JSON)
    category: Mapped[str | None]
    is_global: Mapped[bool] = mapped_column(server_default=FALSE)
    is_custom: Mapped[bool] = mapped_column(server_default=TRUE)
    is_system_field: Mapped[bool] = mapped_column(server_default=FALSE)
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    created_by: Mapped[UUID | None]


class CrmObject(Base):
    __tablename__ = "objects"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    label: Mapped[str]
    plural_name: Mapped[str]
    description: Mapped[str | None] = mapped_column(Text)
    icon: Mapped[str | None]
    is_custom: Mapped[bool] = mapped_column(server_default=TRUE)
    is_global: Mapped[bool] = mapped_column(server_default=FALSE)
    views: Mapped[dict[str, Any]] = mapped_column(server_default=text(f"'{NO_VIEWS}'::jsonb"))
    permissions: Mapped[dict[str, Any]] = mapped_column(
        server_default=text(f"'{OPEN_TO_ALL}'::jsonb")
    )
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    created_by: Mapped[UUID | None]


class ObjectField(Base):
    __tablename__ = "object_fields"
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(ForeignKey("objects.id", ondelete="CASCADE"))
    field_id: Mapped[str] = mapped_column(ForeignKey("fields.id", ondelete="RESTRICT"))
    display_order: Mapped[int] = mapped_column(server_default=text("0"))
    is_required: Mapped[bool] = mapped_column(server_default=FALSE)
    is_visible: Mapped[bool] = mapped_column(server_default=TRUE)
    is_readonly: Mapped[bool] = mapped_column(server_default=FALSE)
    field_overrides: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_JSON)
    created_at: Mapped[datetime] = _now()


class Record(Base):
    __tablename__ = "records"
    __table_args__ = (
        Index("ix_records_object_id", "object_id"),
        Index("ix_records_primary_value", "primary_value"),
        Index("ix_records_created_at", "created_at"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(ForeignKey("objects.id", ondelete="CASCADE"))
    data: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_JSON)
    primary_value: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    created_by: Mapped[UUID | None]
    updated_by: Mapped[UUID | None]
    tenant_id: Mapped[str | None]


class Relationship(Base):
    __tablename__ = "relationships"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    from_object_id: Mapped[str] = mapped_column(ForeignKey("objects.id", ondelete="CASCADE"))
    to_object_id: Mapped[str] = mapped_column(ForeignKey("objects.id", ondelete="CASCADE"))
    type: Mapped[str]
    from_label: Mapped[str | None] = mapped_column(Text)
    to_label: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _now()
    created_by: Mapped[UUID | None]


class RelationshipRecord(Base):
    __tablename__ = "relationship_records"
    __table_args__ = (
        Index("ix_relationship_records_relationship_id", "relationship_id"),
        Index("ix_relationship_records_from_record_id", "from_record_id"),
        Index("ix_relationship_records_to_record_id", "to_record_id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    relationship_id: Mapped[str] = mapped_column(ForeignKey("relationships.id", ondelete="CASCADE"))
    from_record_id: Mapped[str] = mapped_column(ForeignKey("records.id", ondelete="CASCADE"))
    to_record_id: Mapped[str] = mapped_column(ForeignKey("records.id", ondelete="CASCADE"))
    relationship_metadata: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_JSON)
    created_at: Mapped[datetime] = _now()
    created_by: Mapped[UUID | None]


class Application(Base):
    __tablename__ = "applications"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    label: Mapped[str | None]
    icon: Mapped[str | None]
    description: Mapped[str | None] = mapped_column(Text)
    config: Mapped[dict[str, Any]] = mapped_column(server_default=EMPTY_JSON)
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = _now()
    updated_at: Mapped[datetime] = _now()
    created_by: Mapped[UUID | None]


class BlacklistedToken(Base):
    __tablename__ = "token_blacklist"
    __table_args__ = (Index("ix_token_blacklist_expires_at", "expires_at"),)
    jti: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    expires_at: Mapped[datetime]
    blacklisted_at: Mapped[datetime]
