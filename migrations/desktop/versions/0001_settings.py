"""Settings: what this program must remember about one database, such as an extension it made."""

from alembic import op

revision = "crm_desktop_0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE crm_desktop.settings (name varchar PRIMARY KEY, value jsonb NOT NULL)")
