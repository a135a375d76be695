"""The contract: nine tables that are shared with other programs.

There is no way down: these tables hold what people entered. Keys and constraints have
PostgreSQL's default names; the one unique constraint is named by the contract.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "crm_desktop_core_0001"
down_revision = None

NO_VIEWS = '{"forms": [], "tables": [], "kanbans": [], "calendars": []}'
OPEN_TO_ALL = '{"read": ["all"], "create": ["all"], "update": ["all"], "delete": ["all"]}'


def upgrade() -> None:
    make_users()
    make_fields()
    make_objects()
    make_object_fields()
    make_records()
    make_relationships()
    make_relationship_records()
    make_applications()
    make_token_blacklist()


def make_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", UUID, primary_key=True),
        varchar("email"),
        varchar("hashed_password"),
        varchar("full_name"),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_verified", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_users_email", "users", ["email"], unique=True)


def make_fields() -> None:
    op.create_table(
        "fields",
        key(),
        varchar("name"),
        varchar("label"),
        varchar("type"),
        sa.Column("description", sa.Text),
        json("config"),
        sa.Column("category", sa.String),
        flag("is_global", "false"),
        flag("is_custom", "true"),
        flag("is_system_field", "false"),
        now("created_at"),
        now("updated_at"),
        user("created_by"),
        sa.UniqueConstraint("name", "created_by", name="uq_field_name_created_by"),
    )
    op.create_index("ix_fields_category", "fields", ["category"])


def make_objects() -> None:
    op.create_table(
        "objects",
        key(),
        varchar("name"),
        varchar("label"),
        varchar("plural_name"),
        sa.Column("description", sa.Text),
        sa.Column("icon", sa.String),
        flag("is_custom", "true"),
        flag("is_global", "false"),
        json("views", NO_VIEWS),
        json("permissions", OPEN_TO_ALL),
        now("created_at"),
        now("updated_at"),
        user("created_by"),
    )


def make_object_fields() -> None:
    op.create_table(
        "object_fields",
        key(),
        reference("object_id", "objects"),
        reference("field_id", "fields", on_delete="RESTRICT"),
        sa.Column("display_order", sa.Integer, nullable=False, server_default=sa.text("0")),
        flag("is_required", "false"),
        flag("is_visible", "true"),
        flag("is_readonly", "false"),
        json("field_overrides"),
        now("created_at"),
    )


def make_records() -> None:
    op.create_table(
        "records",
        key(),
        reference("object_id", "objects"),
        json("data"),
        sa.Column("primary_value", sa.Text),
        now("created_at"),
        now("updated_at"),
        user("created_by"),
        user("updated_by"),
        sa.Column("tenant_id", sa.String),
    )
    for column in ("object_id", "primary_value", "created_at"):
        op.create_index(f"ix_records_{column}", "records", [column])


def make_relationships() -> None:
    op.create_table(
        "relationships",
        key(),
        varchar("name"),
        reference("from_object_id", "objects"),
        reference("to_object_id", "objects"),
        varchar("type"),
        sa.Column("from_label", sa.Text),
        sa.Column("to_label", sa.Text),
        now("created_at"),
        user("created_by"),
    )


def make_relationship_records() -> None:
    op.create_table(
        "relationship_records",
        key(),
        reference("relationship_id", "relationships"),
        reference("from_record_id", "records"),
        reference("to_record_id", "records"),
        json("relationship_metadata"),
        now("created_at"),
        user("created_by"),
    )
    for column in ("relationship_id", "from_record_id", "to_record_id"):
        op.create_index(f"ix_relationship_records_{column}", "relationship_records", [column])


def make_applications() -> None:
    op.create_table(
        "applications",
        key(),
        varchar("name"),
        sa.Column("label", sa.String),
        sa.Column("icon", sa.String),
        sa.Column("description", sa.Text),
        json("config"),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        now("created_at"),
        now("updated_at"),
        user("created_by"),
    )


def make_token_blacklist() -> None:
    op.create_table(
        "token_blacklist",
        key("jti"),
        sa.Column("user_id", UUID, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blacklisted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_token_blacklist_expires_at", "token_blacklist", ["expires_at"])


def key(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String, primary_key=True)


def varchar(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def flag(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text(default))


def json(name: str, default: str = "{}") -> sa.Column[object]:
    return sa.Column(name, JSONB, nullable=False, server_default=sa.text(f"'{default}'::jsonb"))


def now(name: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )


def user(name: str) -> sa.Column[object]:
    """Return the id of a user: no foreign key, the application checks it."""
    return sa.Column(name, UUID)


def reference(name: str, table: str, *, on_delete: str = "CASCADE") -> sa.Column[str]:
    target = sa.ForeignKey(f"{table}.id", ondelete=on_delete)
    return sa.Column(name, sa.String, target, nullable=False)
