"""Turns database errors the user can fix into words; lets the rest through as bugs."""

from sqlalchemy.exc import DBAPIError

from crm_desktop.domain.errors import Unavailable


def as_user_error(error: DBAPIError) -> Exception:
    """Return the UserError that explains `error`, or `error` itself where it is a bug."""
    if error.connection_invalidated:
        return Unavailable("The connection to the database was lost.")
    return error
