"""Who is acting, and what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from crm_desktop.domain.errors import Forbidden


class Permission(StrEnum):
    READ_DEFINITIONS = "read definitions"
    EDIT_OBJECTS = "edit objects"
    EDIT_FIELDS = "edit fields"
    EDIT_LAYOUTS = "edit layouts"
    EDIT_RELATIONSHIPS = "edit relationships"
    EDIT_APPLICATIONS = "edit applications"
    READ_RECORDS = "read records"
    CREATE_RECORDS = "create records"
    UPDATE_RECORDS = "update records"
    DELETE_RECORDS = "delete records"
    EDIT_LINKS = "edit links"
    READ_USERS = "read users"
    EDIT_USERS = "edit users"
    EDIT_TOKENS = "edit tokens"
    MAINTAIN_DATABASE = "maintain the database"


class RecordRight(StrEnum):
    """A key of `objects.permissions`."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Reach(StrEnum):
    """Which records of an object somebody may use."""

    ALL = "all"
    OWN = "own"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in user, as services see them."""

    user_id: UUID
    email: str = ""
    name: str = ""
    permissions: frozenset[Permission] = field(default_factory=lambda: frozenset(Permission))

    def require(self, permission: Permission) -> None:
        """Raise Forbidden unless this user has the permission."""
        if permission not in self.permissions:
            raise Forbidden(f"You are not allowed to {permission.value}.")

    def reach(self, permissions: Mapping[str, Any], right: RecordRight) -> Reach:
        """Say which records `objects.permissions` opens to this user.

        `role_…` entries match nobody until roles exist; a right that is not listed at all is open,
        as the contract's default is.
        """
        entries: Sequence[object] = permissions.get(right.value, ["all"])
        if not isinstance(entries, list):
            return Reach.NONE
        if "all" in entries or f"user_{self.user_id}" in entries:
            return Reach.ALL
        return Reach.OWN if "owner" in entries else Reach.NONE
