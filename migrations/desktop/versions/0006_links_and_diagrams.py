"""What a link's metadata may hold, which columns a panel of links shows, and diagrams.

None refers to the contract's tables by a foreign key: other programs delete there as if we were not
here. What belongs to a relationship or an object that is gone is left out when it is read.
"""

from alembic import op

revision = "crm_desktop_0006"
down_revision = "crm_desktop_0005"

# `keys` is a list of fields as in `fields`: {"name", "label", "type", "config", "required"}.
_LINK_SCHEMAS = """
CREATE TABLE crm_desktop.link_schemas (
    relationship_id text PRIMARY KEY,
    keys jsonb NOT NULL DEFAULT '[]'
);
"""

# The panel of links on a record's page, for the records at the relationship's one end.
_LINK_PANELS = """
CREATE TABLE crm_desktop.link_panels (
    relationship_id text NOT NULL,
    is_from boolean NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (relationship_id, is_from)
);
"""

# A node's place has a row of its own, so that two people who move different nodes both win.
_DIAGRAMS = """
CREATE TABLE crm_desktop.diagrams (
    id text PRIMARY KEY,
    name text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by uuid
);
CREATE TABLE crm_desktop.diagram_positions (
    diagram_id text NOT NULL REFERENCES crm_desktop.diagrams ON DELETE CASCADE,
    object_id text NOT NULL,
    x double precision NOT NULL,
    y double precision NOT NULL,
    PRIMARY KEY (diagram_id, object_id)
);
"""


def upgrade() -> None:
    for tables in (_LINK_SCHEMAS, _LINK_PANELS, _DIAGRAMS):
        op.execute(tables)
