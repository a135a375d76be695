"""A moment's place in time as text, by a function that an index can be built on.

It gives what `db/expressions.py` writes out where no index is meant. Whoever writes records of an
indexed object runs it, so everybody may. Its body was read when it was made: no search path of
another program can change what it means.
"""

from alembic import op

revision = "crm_desktop_0004"
down_revision = "crm_desktop_0003"

# `to_char` of a timestamp depends on the language only for the names of months and days.
_FUNCTION = """
CREATE FUNCTION crm_desktop.moment_key(moment text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN left(CASE
    WHEN moment ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}[:][0-9]{2}([:][0-9]{2}([.][0-9]+)?)?Z?$'
    THEN rtrim(moment, 'Z')
    ELSE coalesce(
        substring(moment from '(^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}[:][0-9]{2}([:][0-9]{2}([.]'
                              '[0-9]+)?)?(?=(Z|[+-]00([:]?00)?)?$))'),
        CASE WHEN moment ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}[:][0-9]{2}.*[+-][0-9]{2}[:]?'
                           '[0-9]{2}$'
        THEN to_char(timestamp '2000-01-01' + make_interval(
            CAST(substr(moment, 1, 4) AS int) - 2000, CAST(substr(moment, 6, 2) AS int) - 1, 0,
            CAST(substr(moment, 9, 2) AS int) - 1,
            CAST(substr(moment, 12, 2) AS int)
                - CAST(substring(moment from '([+-][0-9]{2})[:]?[0-9]{2}$') AS int),
            CAST(substr(moment, 15, 2) AS int)
                - CAST(left(substring(moment from '([+-][0-9]{2})[:]?[0-9]{2}$'), 1)
                       || substring(moment from '([0-9]{2})$') AS int),
            coalesce(CAST(substring(moment from 'T..[:]..[:]([0-9]{2}([.][0-9]{1,6})?)')
                          AS double precision), 0)), 'YYYY-MM-DD"T"HH24:MI:SS.US') END)
    END, 64)
"""


def upgrade() -> None:
    op.execute(_FUNCTION.replace(":", r"\:"))
    op.execute("GRANT EXECUTE ON FUNCTION crm_desktop.moment_key TO PUBLIC")
