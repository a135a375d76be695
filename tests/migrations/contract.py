"""The contract of the database, written down by hand: nothing here comes from our own tables."""

ID = "character varying NOT NULL"
TEXT = "character varying NOT NULL"
OPTIONAL = "character varying"
LONG_TEXT = "text"
USER = "uuid"
YES_NO = "boolean NOT NULL"
YES = "boolean NOT NULL DEFAULT true"
NO = "boolean NOT NULL DEFAULT false"
WHEN = "timestamp with time zone NOT NULL"
NOW = "timestamp with time zone NOT NULL DEFAULT now()"
JSON = "jsonb NOT NULL DEFAULT '{}'::jsonb"
NO_VIEWS = (
    "jsonb NOT NULL DEFAULT"
    """ '{"forms": [], "tables": [], "kanbans": [], "calendars": []}'::jsonb"""
)
OPEN_TO_ALL = (
    "jsonb NOT NULL DEFAULT"
    """ '{"read": ["all"], "create": ["all"], "delete": ["all"], "update": ["all"]}'::jsonb"""
)

COLUMNS = {
    "users": {
        "id": "uuid NOT NULL",
        "email": TEXT,
        "hashed_password": TEXT,
        "full_name": TEXT,
        "is_active": YES_NO,
        "is_verified": YES_NO,
        "created_at": WHEN,
        "updated_at": WHEN,
        "last_login": "timestamp with time zone",
    },
    "fields": {
        "id": ID,
        "name": TEXT,
        "label": TEXT,
        "type": TEXT,
        "description": LONG_TEXT,
        "config": JSON,
        "category": OPTIONAL,
        "is_global": NO,
        "is_custom": YES,
        "is_system_field": NO,
        "created_at": NOW,
        "updated_at": NOW,
        "created_by": USER,
    },
    "objects": {
        "id": ID,
        "name": TEXT,
        "label": TEXT,
        "plural_name": TEXT,
        "description": LONG_TEXT,
        "icon": OPTIONAL,
        "is_custom": YES,
        "is_global": NO,
        "views": NO_VIEWS,
        "permissions": OPEN_TO_ALL,
        "created_at": NOW,
        "updated_at": NOW,
        "created_by": USER,
    },
    "object_fields": {
        "id": ID,
        "object_id": ID,
        "field_id": ID,
        "display_order": "integer NOT NULL DEFAULT 0",
        "is_required": NO,
        "is_visible": YES,
        "is_readonly": NO,
        "field_overrides": JSON,
        "created_at": NOW,
    },
    "records": {
        "id": ID,
        "object_id": ID,
        "data": JSON,
        "primary_value": LONG_TEXT,
        "created_at": NOW,
        "updated_at": NOW,
        "created_by": USER,
        "updated_by": USER,
        "tenant_id": OPTIONAL,
    },
    "relationships": {
        "id": ID,
        "name": TEXT,
        "from_object_id": ID,
        "to_object_id": ID,
        "type": TEXT,
        "from_label": LONG_TEXT,
        "to_label": LONG_TEXT,
        "created_at": NOW,
        "created_by": USER,
    },
    "relationship_records": {
        "id": ID,
        "relationship_id": ID,
        "from_record_id": ID,
        "to_record_id": ID,
        "relationship_metadata": JSON,
        "created_at": NOW,
        "created_by": USER,
    },
    "applications": {
        "id": ID,
        "name": TEXT,
        "label": OPTIONAL,
        "icon": OPTIONAL,
        "description": LONG_TEXT,
        "config": JSON,
        "published_at": "timestamp with time zone",
        "created_at": NOW,
        "updated_at": NOW,
        "created_by": USER,
    },
    "token_blacklist": {
        "jti": ID,
        "user_id": "uuid NOT NULL",
        "expires_at": WHEN,
        "blacklisted_at": WHEN,
    },
    "alembic_version": {"version_num": "character varying(32) NOT NULL"},
}

CONSTRAINTS = {
    "users_pkey": "PRIMARY KEY (id)",
    "fields_pkey": "PRIMARY KEY (id)",
    "uq_field_name_created_by": "UNIQUE (name, created_by)",
    "objects_pkey": "PRIMARY KEY (id)",
    "object_fields_pkey": "PRIMARY KEY (id)",
    "object_fields_object_id_fkey": (
        "FOREIGN KEY (object_id) REFERENCES objects(id) ON DELETE CASCADE"
    ),
    "object_fields_field_id_fkey": (
        "FOREIGN KEY (field_id) REFERENCES fields(id) ON DELETE RESTRICT"
    ),
    "records_pkey": "PRIMARY KEY (id)",
    "records_object_id_fkey": "FOREIGN KEY (object_id) REFERENCES objects(id) ON DELETE CASCADE",
    "relationships_pkey": "PRIMARY KEY (id)",
    "relationships_from_object_id_fkey": (
        "FOREIGN KEY (from_object_id) REFERENCES objects(id) ON DELETE CASCADE"
    ),
    "relationships_to_object_id_fkey": (
        "FOREIGN KEY (to_object_id) REFERENCES objects(id) ON DELETE CASCADE"
    ),
    "relationship_records_pkey": "PRIMARY KEY (id)",
    "relationship_records_relationship_id_fkey": (
        "FOREIGN KEY (relationship_id) REFERENCES relationships(id) ON DELETE CASCADE"
    ),
    "relationship_records_from_record_id_fkey": (
        "FOREIGN KEY (from_record_id) REFERENCES records(id) ON DELETE CASCADE"
    ),
    "relationship_records_to_record_id_fkey": (
        "FOREIGN KEY (to_record_id) REFERENCES records(id) ON DELETE CASCADE"
    ),
    "applications_pkey": "PRIMARY KEY (id)",
    "token_blacklist_pkey": "PRIMARY KEY (jti)",
    "alembic_version_pkc": "PRIMARY KEY (version_num)",  # alembic's own name for it
}

# Every index that is not the one below a primary key or a unique constraint.
INDEXES = {
    "ix_records_object_id": "INDEX ON records USING btree (object_id)",
    "ix_records_primary_value": "INDEX ON records USING btree (primary_value)",
    "ix_records_created_at": "INDEX ON records USING btree (created_at)",
    "ix_relationship_records_relationship_id": (
        "INDEX ON relationship_records USING btree (relationship_id)"
    ),
    "ix_relationship_records_from_record_id": (
        "INDEX ON relationship_records USING btree (from_record_id)"
    ),
    "ix_relationship_records_to_record_id": (
        "INDEX ON relationship_records USING btree (to_record_id)"
    ),
    "ix_users_email": "UNIQUE INDEX ON users USING btree (email)",
    "ix_fields_category": "INDEX ON fields USING btree (category)",
    "ix_token_blacklist_expires_at": "INDEX ON token_blacklist USING btree (expires_at)",
}

# The same tables as another program may have made them, for tests of foreign databases.
FOREIGN_DDL = """
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('9f1b6a2c3d4e');
CREATE TABLE users (
    email varchar(320) NOT NULL, id uuid PRIMARY KEY, hashed_password varchar NOT NULL,
    full_name varchar NOT NULL, is_active bool NOT NULL, is_verified bool NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, last_login timestamptz,
    avatar text);
CREATE UNIQUE INDEX ix_users_email ON users (email);
CREATE TABLE fields (
    id varchar PRIMARY KEY, name varchar NOT NULL, label varchar NOT NULL, type varchar NOT NULL,
    description text, config jsonb NOT NULL DEFAULT '{}', category varchar,
    is_global bool NOT NULL DEFAULT false, is_custom bool NOT NULL DEFAULT true,
    is_system_field bool NOT NULL DEFAULT false, created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(), created_by uuid,
    CONSTRAINT uq_field_name_created_by UNIQUE (name, created_by));
CREATE TABLE objects (
    id varchar PRIMARY KEY, name varchar NOT NULL, label varchar NOT NULL,
    plural_name varchar NOT NULL, description text, icon varchar,
    is_custom bool NOT NULL DEFAULT true, is_global bool NOT NULL DEFAULT false,
    views jsonb NOT NULL DEFAULT '{}', permissions jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid);
CREATE TABLE object_fields (
    id varchar PRIMARY KEY, object_id varchar NOT NULL REFERENCES objects ON DELETE CASCADE,
    field_id varchar NOT NULL REFERENCES fields ON DELETE RESTRICT,
    display_order int NOT NULL DEFAULT 0, is_required bool NOT NULL DEFAULT false,
    is_visible bool NOT NULL DEFAULT true, is_readonly bool NOT NULL DEFAULT false,
    field_overrides jsonb NOT NULL DEFAULT '{}', created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE records (
    id varchar PRIMARY KEY, object_id varchar NOT NULL REFERENCES objects ON DELETE CASCADE,
    data jsonb NOT NULL DEFAULT '{}', primary_value text,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid, updated_by uuid, tenant_id varchar);
CREATE INDEX ix_records_object_id ON records (object_id);
CREATE TABLE relationships (
    id varchar PRIMARY KEY, name varchar NOT NULL,
    from_object_id varchar NOT NULL REFERENCES objects ON DELETE CASCADE,
    to_object_id varchar NOT NULL REFERENCES objects ON DELETE CASCADE,
    type varchar NOT NULL, from_label text, to_label text,
    created_at timestamptz NOT NULL DEFAULT now(), created_by uuid);
CREATE TABLE relationship_records (
    id varchar PRIMARY KEY,
    relationship_id varchar NOT NULL REFERENCES relationships ON DELETE CASCADE,
    from_record_id varchar NOT NULL REFERENCES records ON DELETE CASCADE,
    to_record_id varchar NOT NULL REFERENCES records ON DELETE CASCADE,
    relationship_metadata jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(), created_by uuid);
CREATE TABLE applications (
    id varchar PRIMARY KEY, name varchar NOT NULL, label varchar, icon varchar, description text,
    config jsonb NOT NULL DEFAULT '{}', published_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid);
CREATE TABLE token_blacklist (
    jti varchar PRIMARY KEY, user_id uuid NOT NULL, expires_at timestamptz NOT NULL,
    blacklisted_at timestamptz NOT NULL);
"""
