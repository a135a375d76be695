"""Failures that are the user's business; every other exception is a bug."""

from collections.abc import Mapping


class UserError(Exception):
    """Something the user can understand and act on: its text is shown as it stands."""


class NotFound(UserError):
    """The thing asked for is gone."""


class Conflict(UserError):
    """Someone else changed it first.

    `clashes` says, by field id, what was expected, what is stored now and what was to be stored;
    it is empty where a whole definition was changed.
    """

    def __init__(self, message: str, clashes: Mapping[str, "Clash"] | None = None) -> None:
        super().__init__(message)
        self.clashes = dict(clashes or {})


class Clash:
    """Three versions of one value: `original` that the edit began with, `theirs`, and `mine`."""

    __slots__ = ("mine", "original", "theirs")

    def __init__(self, original: object, theirs: object, mine: object) -> None:
        self.original, self.theirs, self.mine = original, theirs, mine


class Forbidden(UserError):
    """The signed-in user may not do this."""


class Invalid(UserError):
    """Input was refused; `problems` says what is wrong, by the input's name or field id."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("\n".join(problems.values()))
        self.problems = dict(problems)


class Unavailable(UserError):
    """The database, a disk or a file cannot be reached now; trying again may help."""


class Cancelled(UserError):
    """The user stopped it; nothing was changed."""


class UpgradeNeeded(UserError):
    """The database was made by an older version; nobody has said yet that it may be changed."""
