"""Turns database errors the user can act on into words; lets the rest through as bugs."""

import re
from collections.abc import Callable

import psycopg
from sqlalchemy.exc import DBAPIError

from crm_desktop.domain.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
    UserError,
)


class ConnectionLost(Unavailable):
    """The connection broke: a read may be tried again, a write was not committed."""


class Unreachable(ConnectionLost):
    """No connection came about: nothing was sent, and anything may be tried again."""


class UncertainCommit(Unavailable):
    """The connection broke while a write was being committed: read back what is stored."""


def as_user_error(error: DBAPIError | psycopg.Error) -> Exception:
    """Return the UserError that explains `error`, or `error` itself where it is a bug.

    The server's own text is not looked at where a SQLSTATE says it all: it may be in any language.
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return error
    if cause.sqlstate:
        explain = _EXPLANATIONS.get(cause.sqlstate) or _FAMILIES.get(cause.sqlstate[:2])
        return explain(cause) if explain else error
    if isinstance(cause, psycopg.DataError):
        return Invalid({"": "Text may not contain the character NUL (U+0000)."})
    if not isinstance(cause, psycopg.OperationalError):
        return error
    return _lost(cause)


def explain(error: DBAPIError | psycopg.Error) -> str:
    """Return a sentence for any failure, for reports of what could not be done."""
    problem = as_user_error(error)
    if isinstance(problem, UserError):
        return str(problem)
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = cause.diag.message_primary if isinstance(cause, psycopg.Error) else ""
    return f"The database refused: {said or error}"


# --- what statements break ---------------------------------------------------------------------

_TAKEN = {
    "ix_users_email": {"email": "Another user has this e-mail address."},
    "uq_field_name_created_by": {"name": "You already have a field of this name."},
}
_GONE = {
    "object_id": "object",
    "from_object_id": "object",
    "to_object_id": "object",
    "field_id": "field",
    "relationship_id": "relationship",
    "from_record_id": "record",
    "to_record_id": "record",
}


def _unique(cause: psycopg.Error) -> UserError:
    name = cause.diag.constraint_name or ""
    if name in _TAKEN:
        return Invalid(_TAKEN[name])
    column = _key_column(cause)
    what = f"this “{column}”" if column else "the same values"
    return Invalid({column: f"The database already has an entry with {what}."})


def _foreign_key(cause: psycopg.Error) -> UserError:
    """Explain a row that points nowhere, or one that others still point to.

    Until PostgreSQL 17 both have one SQLSTATE. The contract refuses a deletion at one key only;
    where the detail names the column of the reference, it is the referring row that was refused.
    """
    column = _key_column(cause)
    if column in _GONE:
        return NotFound(f"The {_GONE[column]} is gone. Someone else deleted it.")
    return _still_used(cause)


def _still_used(cause: psycopg.Error) -> UserError:
    if cause.diag.constraint_name == "object_fields_field_id_fkey":
        return Conflict("An object still uses this field. Take it off that object's layout first.")
    return Conflict(f"Other entries in “{cause.diag.table_name}” still need this one.")


def _key_column(cause: psycopg.Error) -> str:
    """Return the first column that a detail such as `Key (name, created_by)=(…)` names."""
    match = re.search(r"\(\"?([^,)\"]+)[^)]*\)=\(", cause.diag.message_detail or "")
    return match[1] if match else ""


def _not_null(cause: psycopg.Error) -> UserError:
    column = cause.diag.column_name or ""
    return Invalid({column: f"“{column}” may not be empty."})


def _check(cause: psycopg.Error) -> UserError:
    rule, table = cause.diag.constraint_name, cause.diag.table_name
    return Invalid({"": f"The database's own rule “{rule}” on “{table}” refuses this."})


def _own_words(cause: psycopg.Error) -> UserError:
    """Pass on what a trigger of another program says to people."""
    return Invalid({"": cause.diag.message_primary or "The database refuses this."})


def _too_long(_: psycopg.Error) -> UserError:
    return Invalid({"": "A text is longer than this database can store there."})


def _too_large(_: psycopg.Error) -> UserError:
    return Invalid({"": "A number is larger than this database can store."})


def _bad_character(_: psycopg.Error) -> UserError:
    return Invalid({"": "A text holds a character that this database cannot store."})


def _forbidden(cause: psycopg.Error) -> UserError:
    where = f" (table “{cause.diag.table_name}”)" if cause.diag.table_name else ""
    return Forbidden(f"The database does not allow this to the login you are connected as{where}.")


def _read_only(_: psycopg.Error) -> UserError:
    return Forbidden("This database is read-only at the moment; nothing was changed.")


def _locked(_: psycopg.Error) -> UserError:
    return Unavailable("Someone else is working on this just now. Try again in a moment.")


def _took_too_long(_: psycopg.Error) -> UserError:
    return Unavailable("The database took too long, and the work was stopped. Nothing was changed.")


def _overtaken(_: psycopg.Error) -> UserError:
    return Conflict("Someone else changed the same data at the same moment. Try again.")


# --- the server's own troubles -----------------------------------------------------------------


def _disk_full(_: psycopg.Error) -> UserError:
    return Unavailable("The disk of the database is full. Make room there, then try again.")


def _exhausted(_: psycopg.Error) -> UserError:
    return Unavailable("The database server has no room for this now. Try again in a moment.")


def _shutting_down(_: psycopg.Error) -> UserError:
    return ConnectionLost("The database server ended the connection. Nothing was changed.")


def _lost(_: psycopg.Error) -> UserError:
    return ConnectionLost("The connection to the database was lost.")


def _bad_login(_: psycopg.Error) -> UserError:
    return Unavailable("The database did not accept the user name or password.")


def _no_database(_: psycopg.Error) -> UserError:
    return Unavailable("The server has no database of this name.")


def _crowded(_: psycopg.Error) -> UserError:
    return Unavailable("The database server has too many connections. Try again in a moment.")


def _starting(_: psycopg.Error) -> UserError:
    return Unreachable("The database server is starting or stopping. Try again in a moment.")


_EXPLANATIONS: dict[str, Callable[[psycopg.Error], UserError]] = {
    "22001": _too_long,
    "22003": _too_large,
    "22021": _bad_character,
    "22P05": _bad_character,
    "23001": _still_used,
    "23502": _not_null,
    "23503": _foreign_key,
    "23505": _unique,
    "23514": _check,
    "25006": _read_only,
    "25P03": _lost,
    "25P04": _took_too_long,
    "3D000": _no_database,
    "40001": _overtaken,
    "40P01": _overtaken,
    "42501": _forbidden,
    "53100": _disk_full,
    "53300": _crowded,
    "54000": _too_long,
    "55P03": _locked,
    "57014": _took_too_long,
    "57P01": _shutting_down,
    "57P02": _shutting_down,
    "57P03": _starting,
    "57P04": _shutting_down,
    "57P05": _shutting_down,
    "P0001": _own_words,
}
_FAMILIES: dict[str, Callable[[psycopg.Error], UserError]] = {
    "08": _lost,
    "28": _bad_login,
    "53": _exhausted,
}

# libpq gives no SQLSTATE for a failed connection, only text.
_REFUSALS = (
    (r"password authentication failed|no password supplied|authentication failed", _bad_login),
    (r"role \".*\" does not exist|no pg_hba\.conf entry|is not permitted to log in", _bad_login),
    (r"database \".*\" does not exist", _no_database),
    (r"too many clients|too many connections|remaining connection slots", _crowded),
    (r"the database system is (starting up|shutting down|in recovery|not yet)", _starting),
    (r"permission denied for database", _forbidden),
)


def why_unconnected(error: psycopg.OperationalError) -> UserError:
    """Explain a connection that did not come about."""
    said = str(error).strip()
    for pattern, explain_ in _REFUSALS:
        if re.search(pattern, said):
            return explain_(error)
    if re.search(r"timeout expired|timed out", said):
        said = "it did not answer in time"
    elif "Connection refused" in said or "No such file or directory" in said:
        said = "nothing answers at its address"
    reason = said.rpartition("\n")[2].rpartition("failed: ")[2].rstrip(".?")
    return Unreachable(f"The database server cannot be reached: {reason}.")
