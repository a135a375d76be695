"""Runs the contract's migrations on the connection that `crm_desktop.db.migrate` hands over."""

from alembic import context

from crm_desktop.db.additions import is_addition
from crm_desktop.db.tables import Base


def is_of_the_contract(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """Leave our additions out of a comparison: they are no part of the contract."""
    return not (kind == "index" and is_addition(name or ""))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=True,
    include_object=is_of_the_contract,
)
with context.begin_transaction():
    context.run_migrations()
