"""Run by `bench.start`: what a program like this must import, a connection, and one query."""

import sys
import time
from uuid import UUID

import psycopg  # noqa: F401 - imported to be measured
import pydantic  # noqa: F401
import sqlalchemy.orm  # noqa: F401
from PySide6 import QtWidgets  # noqa: F401

from crm_desktop.db.database import Database
from crm_desktop.domain.access import Actor
from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.formats import Formats
from crm_desktop.services import auth, objects, record_query, records  # noqa: F401


def main(url: str, object_id: str, user_id: str) -> None:
    database = Database.at(url)
    with database.read(Actor(UUID(user_id), "", "")) as session:
        record_query.list_page(session, RecordQuery(object_id), (), Formats())
    print("queried", time.monotonic())
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
