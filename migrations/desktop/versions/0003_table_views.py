"""Views of tables: what the contract's shape cannot say of a view, and views it cannot hold.

A row belongs to the view of this id in `objects.views.tables`; it is a view of its own where
`entry` is not NULL. Rows whose view another program deleted are taken out when they are met.
"""

from alembic import op

revision = "crm_desktop_0003"
down_revision = "crm_desktop_0002"

# `position` is the place of a view of its own among all views of the object.
_TABLE_VIEWS = """
CREATE TABLE crm_desktop.table_views (
    object_id text NOT NULL,
    view_id text NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    extras jsonb NOT NULL DEFAULT '{}',
    entry jsonb,
    position integer NOT NULL DEFAULT 2147483647,
    PRIMARY KEY (object_id, view_id)
);
CREATE UNIQUE INDEX table_views_default ON crm_desktop.table_views (object_id) WHERE is_default;
"""


def upgrade() -> None:
    op.execute(_TABLE_VIEWS)
