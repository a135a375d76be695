"""Runs the migrations of our own schema on the connection that `crm_desktop.db.migrate` gives."""

from alembic import context
from sqlalchemy import text

from crm_desktop.db.additions import SCHEMA

connection = context.config.attributes["connection"]
# IF NOT EXISTS would need the right to make schemas even where ours exists.
if not connection.scalar(text("SELECT 1 FROM pg_namespace WHERE nspname = :s"), {"s": SCHEMA}):
    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
context.configure(
    connection=connection,
    version_table_schema=SCHEMA,
)
with context.begin_transaction():
    context.run_migrations()
