"""The layout that is measured: an object with very many fields in ten sections."""

import psycopg

from bench.workspace import Workspace
from crm_desktop.services import objects

SECTIONS = 10


def make_object(workspace: Workspace, fields: int) -> str:
    """Make an object with so many fields, in sections; return its id."""
    with workspace.database.write(workspace.actor) as session:
        object_id = objects.create_object(session, objects.ObjectDraft(label="Wide"))
    values = {"object_id": object_id, "fields": fields, "sections": SECTIONS}
    with psycopg.connect(workspace.url, autocommit=True) as connection:
        for statement in (_FIELDS, _ATTACHMENTS, _FORM):
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE object_fields")
    return object_id


_FIELDS = """
INSERT INTO fields (id, name, label, type, category, config)
SELECT 'fld_' || n, 'field_' || n, 'Field number ' || n,
       (ARRAY['text', 'number', 'date', 'boolean', 'email'])[1 + n %% 5], 'Group ' || n %% 8, '{}'
FROM generate_series(0, %(fields)s::int - 1) n
"""
_ATTACHMENTS = """
INSERT INTO object_fields (id, object_id, field_id, display_order)
SELECT 'ofd_' || n, %(object_id)s, 'fld_' || n, n
FROM generate_series(0, %(fields)s::int - 1) n
"""
_FORM = """
UPDATE objects SET views = jsonb_set(views, '{forms}', (
    SELECT jsonb_build_array(jsonb_build_object('id', 'form_1', 'name', 'Form', 'isDefault', true,
        'layout', jsonb_agg(jsonb_build_object('section', 'Section ' || number, 'fields', names)
                            ORDER BY number)))
    FROM (SELECT n * %(sections)s / %(fields)s::int AS number,
                 jsonb_agg('fld_' || n ORDER BY n) AS names
          FROM generate_series(0, %(fields)s::int - 1) n GROUP BY 1) AS sections))
WHERE id = %(object_id)s
"""
