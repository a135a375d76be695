"""Fixtures of the import tests: importing a text, and reading back what is stored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.services.import_plan import ImportRequest, LinkRequest
from crm_desktop.services.importing import ImportResult, import_file
from crm_desktop.services.layouts import list_layout
from crm_desktop.services.objects import find_object

Import = Callable[..., ImportResult]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source.csv"


@pytest.fixture
def run_import(database: Database, actor: Actor, source: Path) -> Import:
    """Import a text (or bytes) into an object called `thing`, made when it is not there."""

    def run(content: str | bytes, report: Path | None = None, **request: Any) -> ImportResult:
        if isinstance(content, str):
            content = content.encode()
        source.write_bytes(content)
        links = tuple(map(LinkRequest.from_text, request.pop("links", ())))
        asked = {"object_name": "thing", "creates": True, "links": links} | request
        with database.long(actor) as session:
            return import_file(session, source, ImportRequest(**asked), report)

    return run


@pytest.fixture
def stored(database: Database, actor: Actor) -> Callable[..., list[dict[str, Any]]]:
    """Return the records of an object, oldest first, as values by field name."""

    def read(object_name: str = "thing") -> list[dict[str, Any]]:
        with database.read(actor) as session:
            object_id = find_object(session, object_name).id
            names = {row.field_id: row.effective.name for row in list_layout(session, object_id)}
            rows = session.connection().exec_driver_sql(
                "SELECT data FROM records WHERE object_id = %s ORDER BY id", (object_id,)
            )
            return [{names.get(key, key): value for key, value in data.items()} for (data,) in rows]

    return read
