"""Layouts of forms: columns of sections and widths of fields, which the contract cannot say.

A row belongs to the form of this id in `objects.views.forms`, or to the one at a place (`#0`)
that another program made without an id.
"""

from alembic import op

revision = "crm_desktop_0005"
down_revision = "crm_desktop_0004"

_FORM_LAYOUTS = """
CREATE TABLE crm_desktop.form_layouts (
    object_id text NOT NULL,
    form_id text NOT NULL,
    extras jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (object_id, form_id)
);
"""


def upgrade() -> None:
    op.execute(_FORM_LAYOUTS)
