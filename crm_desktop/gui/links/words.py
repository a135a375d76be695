"""What links and panels of links are called on screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from crm_desktop.gui.dialogs.delete_dialog import counted
from crm_desktop.gui.translating import tr
from crm_desktop.services.link_lists import RelatedRecord
from crm_desktop.services.relationships import RelationshipSide

_MOST_KEYS = 4
_LONGEST = 60
_IN_WORDS = {
    "1:N": QT_TRANSLATE_NOOP("related", "one to many"),
    "N:1": QT_TRANSLATE_NOOP("related", "many to one"),
    "N:N": QT_TRANSLATE_NOOP("related", "many to many"),
    "lookup": QT_TRANSLATE_NOOP("related", "many to one"),
}


def cardinality(kind: str) -> str:
    """Say how many of one there are to one of the other; a kind we do not know is shown as is."""
    return QCoreApplication.translate("related", str(_IN_WORDS.get(kind, kind)))


def crowded(count: int) -> str:
    sentence = tr("One link is allowed here, and there are {}: another program made the others.")
    return sentence.replace("{}", f"{count:,}")


def unlinking(
    side: RelationshipSide, links: Sequence[RelatedRecord | None], labels: Mapping[str, str]
) -> tuple[str, str]:
    """Return the question before links are taken away, and what goes with them.

    `labels` are those of the metadata's keys. Rows that were not read are None.
    """
    many = counted(len(links), side.other.label.casefold(), side.other.plural_name.casefold())
    one = links[0].title if len(links) == 1 and links[0] is not None else None
    what = f"“{cut(one)}”" if one else many
    question = tr("Unlink {}?").replace("{}", what)
    stays = tr("The record stays.") if len(links) == 1 else tr("The records stay.")
    said = list(dict.fromkeys(key for link in links for key in _keys(link)))
    if not any(map(_says_something, links)):
        return question, stays
    names = ", ".join(labels.get(key, key) for key in said[:_MOST_KEYS])
    rest = len(said) - _MOST_KEYS
    names += f" +{rest}" if rest > 0 else ""
    goes = tr("The link data goes: {}.") if names else tr("The link data goes.")
    return question, f"{stays} {goes.replace('{}', names)}"


def _says_something(link: RelatedRecord | None) -> bool:
    return link is None or link.metadata not in (None, {}, [])


def _keys(link: RelatedRecord | None) -> Sequence[str]:
    """Return the keys under which a link says something."""
    if link is None or not isinstance(link.metadata, Mapping):
        return ()
    return [key for key, value in link.metadata.items() if value not in (None, "", [])]


def cut(text: str) -> str:
    """Return a name short enough for a sentence or a button: others store any length."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
