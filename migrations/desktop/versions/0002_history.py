"""History: what changed in records and links, by whom, as images from before and after.

The functions are run by triggers that `db/history_triggers.py` puts on the contract's tables.
They run as their owner, so that who writes there needs no right here; whatever fails in them is
said in the server's log, and never reaches who wrote.
"""

from alembic import op

revision = "crm_desktop_0002"
down_revision = "crm_desktop_0001"

# `reverts` names the change set that an undo or a redo puts back. `actor` and `title` are what the
# writing program says, `login` is what the server knows.
_CHANGE_SETS = """
CREATE TABLE crm_desktop.change_sets (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor uuid,
    computer text NOT NULL DEFAULT '',
    title text NOT NULL DEFAULT '',
    kind text NOT NULL DEFAULT 'change' CHECK (kind IN ('change', 'undo', 'redo')),
    reverts bigint,
    program text NOT NULL DEFAULT current_setting('application_name'),
    login text NOT NULL DEFAULT session_user
);
CREATE INDEX change_sets_by_actor ON crm_desktop.change_sets (actor, computer, id);
CREATE INDEX change_sets_by_reverted ON crm_desktop.change_sets (reverts)
    WHERE reverts IS NOT NULL;
CREATE INDEX change_sets_by_time ON crm_desktop.change_sets (at);
"""

# One row for each record that was updated or deleted; of insertions one row for ten thousand: an
# id and a hash are all that undoing them needs. `statement` numbers the firings of triggers.
_HISTORY = """
CREATE SEQUENCE crm_desktop.history_statement;
CREATE TABLE crm_desktop.history (
    at timestamptz NOT NULL DEFAULT now(),
    change_set bigint NOT NULL,
    statement bigint NOT NULL,
    table_name text NOT NULL,
    operation text NOT NULL,
    row_id text,
    before jsonb,
    after jsonb,
    row_ids text[],
    hashes bigint[]
) PARTITION BY RANGE (at);
CREATE TABLE crm_desktop.history_default PARTITION OF crm_desktop.history DEFAULT;
CREATE INDEX history_by_change_set ON crm_desktop.history (change_set, statement);
CREATE INDEX history_by_row ON crm_desktop.history (row_id) WHERE row_id IS NOT NULL;
"""

# The change set of this transaction, made when it first writes. The setting that remembers it is
# of use only together with the transaction's own id.
_CURRENT = """
CREATE FUNCTION crm_desktop.current_change_set() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    mark text := pg_current_xact_id()::text || ':';
    known text := current_setting('crm_desktop.change_set', true);
    gesture jsonb;
    made bigint;
BEGIN
    IF starts_with(known, mark) THEN
        RETURN substr(known, length(mark) + 1)::bigint;
    END IF;
    BEGIN
        gesture := nullif(current_setting('crm_desktop.gesture', true), '')::jsonb;
        INSERT INTO crm_desktop.change_sets (actor, computer, title, kind, reverts)
        VALUES ((gesture ->> 'actor')::uuid, coalesce(gesture ->> 'computer', ''),
                coalesce(left(gesture ->> 'title', 400), ''),
                coalesce(gesture ->> 'kind', 'change'), (gesture ->> 'reverts')::bigint)
        RETURNING id INTO made;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
        INSERT INTO crm_desktop.change_sets DEFAULT VALUES RETURNING id INTO made;
    END;
    PERFORM set_config('crm_desktop.change_set', mark || made, true);
    RETURN made;
END
$function$;
"""

# The frame of all six. Cascades run a statement for each deleted record: most meet no row.
_FRAME = """
CREATE FUNCTION crm_desktop.{name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $function$
DECLARE
    keys text[];
BEGIN
    IF NOT EXISTS (SELECT FROM {rows}) THEN
        RETURN NULL;
    END IF;
    BEGIN
        {insert};
    EXCEPTION WHEN OTHERS THEN
        RAISE LOG 'crm_desktop keeps no history of this write to %: %', TG_TABLE_NAME, SQLERRM;
    END;
    RETURN NULL;
END
$function$;
"""

_INSERTED = """
        INSERT INTO crm_desktop.history
            (change_set, statement, table_name, operation, row_ids, hashes)
        SELECT s.change_set, s.statement, '{table}', 'insert', array_agg(n.id), array_agg(n.hash)
        FROM (SELECT crm_desktop.current_change_set() AS change_set,
                     nextval('crm_desktop.history_statement') AS statement OFFSET 0) s
        CROSS JOIN (SELECT id, {hash} AS hash, (row_number() OVER () - 1) / 10000 AS chunk
                    FROM new_rows) n
        GROUP BY s.change_set, s.statement, n.chunk
"""

# `keys` are those that the first row changed. Most statements change the same ones everywhere,
# which is quicker to confirm than to compare all keys of each row.
_UPDATED_RECORDS = """
        SELECT array_agg(e.key) INTO keys
        FROM (SELECT * FROM old_rows LIMIT 1) o JOIN new_rows n ON n.id = o.id
        CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(o.data || n.data) = 'object'
                                           THEN o.data || n.data ELSE '{{}}' END) e
        WHERE o.data -> e.key IS DISTINCT FROM n.data -> e.key;
        INSERT INTO crm_desktop.history
            (change_set, statement, table_name, operation, row_id, before, after)
        SELECT s.change_set, s.statement, 'records', 'update', c.id, c.before, c.after
        FROM (SELECT crm_desktop.current_change_set() AS change_set,
                     nextval('crm_desktop.history_statement') AS statement OFFSET 0) s
        CROSS JOIN (
            SELECT o.id, {before} AS before, {after} AS after
            FROM old_rows o JOIN new_rows n ON n.id = o.id
            WHERE o.data IS DISTINCT FROM n.data OR {columns_differ}
        ) c
"""
_COLUMNS = ("object_id", "created_at", "created_by", "tenant_id")
_COLUMNS_DIFFER = "({}) IS DISTINCT FROM ({})".format(
    ", ".join(f"o.{name}" for name in _COLUMNS), ", ".join(f"n.{name}" for name in _COLUMNS)
)


def _image(mine: str, other: str) -> str:
    """Return the changed keys of `data`, and the other columns where one of those changed."""
    columns = ", ".join(f"'{name}', {mine}.{name}" for name in _COLUMNS)
    return f"""
        CASE WHEN jsonb_typeof(o.data) = 'object' AND jsonb_typeof(n.data) = 'object'
             THEN jsonb_build_object('updated_by', {mine}.updated_by, 'data',
                CASE WHEN (o.data - keys) = (n.data - keys) THEN (
                    SELECT coalesce(jsonb_object_agg(k, {mine}.data -> k), '{{}}')
                    FROM unnest(keys) k
                    WHERE {mine}.data ? k AND o.data -> k IS DISTINCT FROM n.data -> k
                ) ELSE (
                    SELECT coalesce(jsonb_object_agg(e.key, e.value), '{{}}')
                    FROM jsonb_each({mine}.data) e
                    WHERE {other}.data -> e.key IS DISTINCT FROM e.value
                ) END)
             ELSE jsonb_build_object('updated_by', {mine}.updated_by, 'whole', {mine}.data) END
        || CASE WHEN {_COLUMNS_DIFFER} THEN jsonb_build_object({columns}) ELSE '{{}}' END
    """  # noqa: S608 - made of names that stand above


_UPDATED_LINKS = """
        INSERT INTO crm_desktop.history
            (change_set, statement, table_name, operation, row_id, before, after)
        SELECT s.change_set, s.statement, 'relationship_records', 'update', o.id,
               to_jsonb(o), to_jsonb(n)
        FROM (SELECT crm_desktop.current_change_set() AS change_set,
                     nextval('crm_desktop.history_statement') AS statement OFFSET 0) s
        CROSS JOIN old_rows o JOIN new_rows n ON n.id = o.id
        WHERE o IS DISTINCT FROM n
"""

_DELETED = """
        INSERT INTO crm_desktop.history
            (change_set, statement, table_name, operation, row_id, before)
        SELECT s.change_set, s.statement, '{table}', 'delete', o.id, to_jsonb(o)
        FROM (SELECT crm_desktop.current_change_set() AS change_set,
                     nextval('crm_desktop.history_statement') AS statement OFFSET 0) s
        CROSS JOIN old_rows o
"""

# Numbers that are equal have one hash, whatever their scale. Services ask for the same of a row
# as it stands: see `services/history.py`.
_HASHES = """
CREATE FUNCTION crm_desktop.link_hash(relationship text, source text, target text, metadata jsonb)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.hashtextextended(
    pg_catalog.concat_ws(' ', relationship, source, target),
    pg_catalog.jsonb_hash_extended(metadata, 0));
"""

# Partitions are made ahead for weeks, and dropped whole when they are too old or too many. What
# lies in the default partition is deleted by row. Each lock is asked for shortly: the next call
# does what this one could not.
_KEEP = """
CREATE FUNCTION crm_desktop.keep_history(oldest interval, most_bytes bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $function$
DECLARE
    monday timestamptz := date_trunc('week', now(), 'UTC');
    part record;
    cut timestamptz := now() - oldest;
    removed bigint := 0;
    excess bigint;
BEGIN
    FOR week IN 0..1 LOOP
        BEGIN
            EXECUTE format(
                'CREATE TABLE IF NOT EXISTS crm_desktop.%I PARTITION OF crm_desktop.history'
                ' FOR VALUES FROM (%L) TO (%L)',
                to_char((monday + week * interval '7 days') AT TIME ZONE 'UTC',
                        '"history_"YYYY_MM_DD'),
                monday + week * interval '7 days', monday + (week + 1) * interval '7 days');
        EXCEPTION WHEN lock_not_available OR check_violation THEN
            RAISE LOG 'crm_desktop makes no partition of its history yet: %', SQLERRM;
        END;
    END LOOP;
    FOR part IN
        SELECT c.relname AS name, to_date(c.relname, '"history_"YYYY_MM_DD') AS begins,
               sum(pg_total_relation_size(c.oid)) OVER (ORDER BY c.relname DESC) AS bytes
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'crm_desktop.history'::regclass
          AND c.relname ~ '^history_[0-9]{4}_[0-9]{2}_[0-9]{2}$'
    LOOP
        IF part.begins + 7 < cut OR part.bytes > most_bytes AND part.begins + 7 < now() THEN
            BEGIN
                EXECUTE format('DROP TABLE crm_desktop.%I', part.name);
                removed := removed + 1;
                cut := greatest(cut, least((part.begins + 7)::timestamptz, now()));
            EXCEPTION WHEN lock_not_available THEN
                RAISE LOG 'crm_desktop keeps % of its history until the next time.', part.name;
            END;
        END IF;
    END LOOP;
    DELETE FROM crm_desktop.history_default WHERE at < cut;
    DELETE FROM crm_desktop.change_sets WHERE at < cut;
    IF pg_total_relation_size('crm_desktop.history_default') + coalesce((
        SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
        WHERE inhparent = 'crm_desktop.history'::regclass), 0) > most_bytes THEN
        WITH sized AS (
            SELECT change_set, sum(sum(pg_column_size(h))) OVER (ORDER BY change_set DESC) AS bytes
            FROM crm_desktop.history h GROUP BY change_set
        ), gone AS (
            DELETE FROM crm_desktop.change_sets c USING sized s
            WHERE s.change_set = c.id AND s.bytes > most_bytes RETURNING c.id
        )
        DELETE FROM crm_desktop.history h USING gone WHERE gone.id = h.change_set;
        GET DIAGNOSTICS excess = ROW_COUNT;
        removed := removed + excess;
    END IF;
    RETURN removed;
END
$function$;
"""


def upgrade() -> None:
    for statement in (_CHANGE_SETS, _HISTORY, _CURRENT, _HASHES, _KEEP):
        op.execute(statement.replace(":", r"\:"))
    records_hash = "jsonb_hash_extended(data, 0)"
    links_hash = (
        "crm_desktop.link_hash"
        "(relationship_id, from_record_id, to_record_id, relationship_metadata)"
    )
    updated = _UPDATED_RECORDS.format(
        before=_image("o", "n"), after=_image("n", "o"), columns_differ=_COLUMNS_DIFFER
    )
    for name, rows, insert in (
        ("records_inserted", "new_rows", _INSERTED.format(table="records", hash=records_hash)),
        ("records_updated", "new_rows", updated),
        ("records_deleted", "old_rows", _DELETED.format(table="records")),
        ("links_inserted", "new_rows",
         _INSERTED.format(table="relationship_records", hash=links_hash)),
        ("links_updated", "new_rows", _UPDATED_LINKS),
        ("links_deleted", "old_rows", _DELETED.format(table="relationship_records")),
    ):  # fmt: skip
        op.execute(_FRAME.format(name=name, rows=rows, insert=insert.strip()).replace(":", r"\:"))
