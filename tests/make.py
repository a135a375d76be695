"""Makes rows with sensible defaults, committed at once: what other people did before a test."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, Select, func, insert, select, text

from crm_desktop.db.database import Database
from crm_desktop.db.tables import (
    Application,
    Base,
    CrmObject,
    Field,
    ObjectField,
    Record,
    Relationship,
    RelationshipRecord,
    User,
)
from crm_desktop.domain.access import Actor, Permission

Id = TypeVar("Id", str, UUID)


class Make:
    """A builder over one database; ids are made from names, so that tests can read them.

    `make.object("contact", fields=["name"])` gives `obj_contact`, `make.field("name")` gives
    `fld_name`. Nothing is checked: a test can make what the contract allows and we would refuse.
    """

    def __init__(self, database: Database, admin: Actor) -> None:
        self.database, self.admin = database, admin
        self._numbers = count(1)

    def object(self, name: str, fields: Iterable[str] = (), **columns: Any) -> str:
        """Make an object and attach these fields in order, making those that are missing."""
        title = name.replace("_", " ").capitalize()
        values = {"label": title, "plural_name": f"{title}s", "created_by": self.admin.user_id}
        object_id = self._add(CrmObject, f"obj_{name}", name=name, **{**values, **columns})
        for place, field in enumerate(fields):
            self.attach(object_id, field, display_order=place)
        return object_id

    def field(self, name: str, type: str = "text", **columns: Any) -> str:  # noqa: A002 - column
        values = {"label": name.replace("_", " ").capitalize(), "created_by": self.admin.user_id}
        return self._add(Field, f"fld_{name}", name=name, type=type, **{**values, **columns})

    def attach(self, object_id: str, field: str, **columns: Any) -> str:
        """Attach a field, given by name or id, behind the others; return the attachment's id."""
        field_id = field if field.startswith("fld_") else f"fld_{field}"
        if self.value(select(Field.id).where(Field.id == field_id)) is None:
            self.field(field)
        if "display_order" not in columns:
            mine = ObjectField.object_id == object_id
            last = self.value(select(func.max(ObjectField.display_order)).where(mine))
            columns["display_order"] = 0 if last is None else last + 1
        id_ = f"ofd_{next(self._numbers):04}"
        return self._add(ObjectField, id_, object_id=object_id, field_id=field_id, **columns)

    def record(self, object_id: str, data: Mapping[str, Any] | None = None, **columns: Any) -> str:
        """Make a record; its primary value is the first text of `data` unless one is given."""
        data = dict(data or {})
        texts = (value for value in data.values() if isinstance(value, str))
        values = {"primary_value": next(texts, None), "created_by": self.admin.user_id}
        id_ = f"rec_{next(self._numbers):04}"
        return self._add(Record, id_, object_id=object_id, data=data, **{**values, **columns})

    def records(self, object_id: str, number: int, field: str = "fld_name") -> list[str]:
        """Make many records at once, named after their numbers."""
        ids = [f"rec_{next(self._numbers):04}" for _ in range(number)]
        rows = [
            {
                "id": id_,
                "object_id": object_id,
                "data": {field: id_},
                "primary_value": id_,
                "created_by": self.admin.user_id,
            }
            for id_ in ids
        ]
        with self._begin() as connection:
            connection.execute(insert(Record), rows)
        return ids

    def relationship(
        self,
        from_object_id: str,
        to_object_id: str,
        type: str = "N:N",  # noqa: A002 - the column's name
        **columns: Any,
    ) -> str:
        name = f"{from_object_id}_{to_object_id}".replace("obj_", "")
        id_ = str(columns.pop("id", f"rel_{name}"))
        ends = {"from_object_id": from_object_id, "to_object_id": to_object_id}
        values = {"name": name, "created_by": self.admin.user_id, **columns}
        return self._add(Relationship, id_, type=type, **ends, **values)

    def link(
        self, relationship_id: str, from_record_id: str, to_record_id: str, **columns: Any
    ) -> str:
        """Make a link; keyword arguments are columns, such as `relationship_metadata`."""
        return self._add(
            RelationshipRecord,
            f"rrec_{next(self._numbers):04}",
            relationship_id=relationship_id,
            from_record_id=from_record_id,
            to_record_id=to_record_id,
            **{"created_by": self.admin.user_id, **columns},
        )

    def application(self, name: str = "sales", **columns: Any) -> str:
        values = {"created_by": self.admin.user_id, **columns}
        return self._add(Application, f"app_{name}", name=name, **values)

    def user(self, email: str = "grace@example.com", **columns: Any) -> UUID:
        """Make a user whom no password fits."""
        values: dict[str, Any] = {
            "hashed_password": "!",
            "full_name": email.partition("@")[0].capitalize(),
            "is_active": True,
            "is_verified": True,
            "created_at": func.now(),
            "updated_at": func.now(),
        }
        return self._add(User, uuid4(), email=email, **{**values, **columns})

    def actor(self, email: str = "grace@example.com", **columns: Any) -> Actor:
        """Make a user and return who they are as an actor."""
        return Actor(self.user(email, **columns), email)

    def guest(self) -> Actor:
        """Return somebody who may do nothing at all."""
        return replace(self.admin, permissions=frozenset[Permission]())

    def layout_of(self, object_id: str) -> list[str]:
        """Return the ids of the object's fields in order, as they are stored."""
        mine = ObjectField.object_id == object_id
        query = select(ObjectField.field_id).where(mine)
        order = (ObjectField.display_order, ObjectField.created_at, ObjectField.id)
        with self._begin() as connection:
            return list(connection.scalars(query.order_by(*order)))

    def value(self, query: Select[Any]) -> Any:
        """Return the one value of a query, as it is stored now."""
        with self._begin() as connection:
            return connection.scalar(query)

    def count(self, table: type[Base]) -> int:
        return int(self.value(select(func.count()).select_from(table)))

    def sql(self, statement: str, **values: Any) -> None:
        """Run a statement as another program would."""
        with self._begin() as connection:
            connection.execute(text(statement), values)

    def _add(self, table: type[Base], id_: Id, **columns: Any) -> Id:
        with self._begin() as connection:
            connection.execute(insert(table).values(id=id_, **columns))
        return id_

    def _begin(self) -> AbstractContextManager[Connection]:
        return self.database.engine.begin()
