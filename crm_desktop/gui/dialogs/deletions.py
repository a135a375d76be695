"""What is asked before each kind of definition is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication

from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.gui.dialogs.delete_dialog import Consequences, Deletion, counted, listed
from crm_desktop.gui.sizes import size_text
from crm_desktop.services import (
    applications,
    fields,
    impact,
    index_advice,
    objects,
    record_query,
    records,
    relationships,
    users,
)
from crm_desktop.services.applications import ApplicationSummary
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.impact import (
    FieldImpact,
    ObjectImpact,
    RecordImpact,
    RelationshipImpact,
    UserImpact,
)
from crm_desktop.services.index_advice import IndexInfo, IndexState
from crm_desktop.services.objects import ObjectSummary
from crm_desktop.services.relationships import RelationshipSummary
from crm_desktop.services.users import UserSummary

_FEW = 500  # records that are deleted within a moment


def _tr(text: str) -> str:
    return QCoreApplication.translate("deletions", text)


def deletion_of_object(summary: ObjectSummary) -> Deletion:
    return Deletion(
        title=_tr("Delete the object “{name}”?").format(name=summary.label),
        verb=_tr("Delete object"),
        count=partial(impact.impact_of_object, object_id=summary.id),
        describe=_of_object,
        delete=partial(objects.delete_object, object_id=summary.id, version=summary.version),
        typed_name=summary.label,
        job=_tr("Deleting {name}").format(name=summary.plural_name or summary.label),
    )


def _of_object(counts: ObjectImpact) -> Consequences:
    gone = [
        counted(counts.records, _tr("record"), _tr("records")),
        counted(counts.relationships, _tr("relationship"), _tr("relationships")),
        counted(counts.links, _tr("link"), _tr("links")),
    ]
    effects = [_tr("Also deletes {0}, {1} and {2}.").format(*gone)]
    if counts.attachments:
        used = counted(counts.attachments, _tr("field"), _tr("fields"))
        effects.append(_tr("Its layout of {0} goes; the fields stay in the library.").format(used))
    if counts.applications:
        named = listed(counts.applications)
        effects.append(_tr("It disappears from {0}.").format(named))
    if counts.reference_fields:
        named = listed(counts.reference_fields)
        effects.append(_tr("Nothing is left that {0} could point to.").format(named))
    effects.append(_tr("This cannot be undone."))
    return Consequences(effects)


def deletion_of_field(summary: FieldSummary) -> Deletion:
    return Deletion(
        title=_tr("Delete the field “{name}”?").format(name=summary.label),
        verb=_tr("Delete field"),
        count=partial(impact.impact_of_field, field_id=summary.id),
        describe=partial(_of_field, summary),
        delete=partial(fields.delete_field, field_id=summary.id, version=summary.version),
    )


def _of_field(summary: FieldSummary, counts: FieldImpact) -> Consequences:
    if summary.is_system_field:
        return Consequences((), _tr("A system field cannot be deleted: other programs need it."))
    if not counts.objects:
        return Consequences((_tr("No object uses it, so nothing else changes."),))
    held = counted(counts.records, _tr("record holds"), _tr("records hold"))
    effects = (_tr("{0} a value in it.").format(held),) if counts.records else ()
    named = listed(counts.objects)
    return Consequences(effects, _tr("It is used by {0}. Remove it there first.").format(named))


def deletion_of_relationship(summary: RelationshipSummary) -> Deletion:
    return Deletion(
        title=_tr("Delete the relationship “{name}”?").format(name=summary.name),
        verb=_tr("Delete relationship"),
        count=partial(impact.impact_of_relationship, relationship_id=summary.id),
        describe=_of_relationship,
        delete=partial(
            relationships.delete_relationship,
            relationship_id=summary.id,
            version=summary.version,
        ),
        job=_tr("Deleting {name}").format(name=summary.name),
    )


def _of_relationship(counts: RelationshipImpact) -> Consequences:
    links = counted(counts.links, _tr("link"), _tr("links"))
    return Consequences(
        (
            _tr("Also deletes {0}; the records stay.").format(links),
            _tr("This cannot be undone."),
        )
    )


def deletion_of_user(summary: UserSummary) -> Deletion:
    return Deletion(
        title=_tr("Delete the user “{name}”?").format(name=summary.full_name),
        verb=_tr("Delete user"),
        count=partial(impact.impact_of_user, user_id=summary.id),
        describe=_of_user,
        delete=partial(users.delete_user, user_id=summary.id, version=summary.version),
    )


def _of_user(counts: UserImpact) -> Consequences:
    total = counts.records + counts.links
    made = counts.objects + counts.fields + counts.relationships + counts.applications
    if not total + made:
        return Consequences((_tr("Nothing carries this user's name."),))
    records = counted(total, _tr("record or link"), _tr("records and links"))
    definitions = counted(made, _tr("definition"), _tr("definitions"))
    sentence = _tr("{0} and {1} stay, and no longer say who made them.")
    advice = _tr("Deactivating keeps the name and lets nobody sign in with it.")
    return Consequences((sentence.format(records, definitions), advice))


def deletion_of_application(summary: ApplicationSummary) -> Deletion:
    return Deletion(
        title=_tr("Delete the application “{name}”?").format(name=summary.title),
        verb=_tr("Delete application"),
        count=partial(applications.get_application, application_id=summary.id),
        describe=_of_application,
        delete=partial(
            applications.delete_application,
            application_id=summary.id,
            version=summary.version,
        ),
    )


def _of_application(stored: ApplicationSummary) -> Consequences:
    objects_of = counted(len(stored.object_ids), _tr("object"), _tr("objects"))
    effects = [_tr("Its {0} and their records stay.").format(objects_of)]
    if stored.published_at is not None:
        effects.append(_tr("It is published: people who use it lose it."))
    return Consequences(effects)


def deletion_of_records(record_ids: Sequence[str]) -> Deletion:
    number = len(record_ids)
    what = counted(number, _tr("record"), _tr("records"))
    return Deletion(
        title=_tr("Delete {0}?").format(what),
        verb=_tr("Delete {0:,}").format(number),
        count=partial(impact.impact_of_records, record_ids=record_ids),
        describe=partial(_of_records, number),
        delete=partial(records.delete_records, record_ids=record_ids),
        job=_tr("Deleting {0}").format(what) if number > _FEW else "",
    )


def _of_records(number: int, counts: RecordImpact) -> Consequences:
    effects = []
    if counts.records < number == 1:
        effects.append(_tr("It is gone already."))
    elif counts.records < number:
        effects.append(_tr("{0:,} of them are gone already.").format(number - counts.records))
    if counts.links:
        gone = counted(counts.links, _tr("link"), _tr("links"))
        effects.append(_tr("Also removes {0}.").format(gone))
    else:
        alone = _tr("No links go with it.") if number == 1 else _tr("No links go with them.")
        effects.append(alone)
    can, cannot = _tr("Undo (Ctrl+Z) brings them back."), _tr("This cannot be undone.")
    effects.append(can if counts.can_be_undone else cannot)
    return Consequences(effects)


def deletion_of_index(info: IndexInfo) -> Deletion:
    field = info.field_label or info.field_id
    where = info.object_label or info.object_id
    return Deletion(
        title=_tr("Drop the index on “{0}” of “{1}”?").format(field, where),
        verb=_tr("Drop index"),
        count=partial(record_query.estimate_records, query=RecordQuery(info.object_id)),
        describe=partial(_of_index, info),
        delete=partial(index_advice.drop_index, name=info.id),
        job=_tr("Dropping the index on {}").replace("{}", field),
        is_upkeep=True,
    )


def _of_index(info: IndexInfo, rows: int) -> Consequences:
    used = counted(info.scans, _tr("time"), _tr("times"))
    frees = _tr("It frees {0}. The index was used {1}.").format(size_text(info.bytes), used)
    if info.state is not IndexState.READY:
        return Consequences([frees, _tr("No list uses it now. No record is changed.")])
    slow = {
        IndexKind.ORDER: _tr("Sorting and filtering by it will read all {} records again."),
        IndexKind.EQUAL: _tr("Finding its values will read all {} records again."),
        IndexKind.CONTAINS: _tr("Finding parts of its texts will read all {} records again."),
        IndexKind.MEMBERS: _tr("Finding in its lists will read all {} records again."),
    }
    kind = info.kind or IndexKind.ORDER
    return Consequences(
        [slow[kind].replace("{}", f"{rows:,}"), frees, _tr("No record is changed.")]
    )
