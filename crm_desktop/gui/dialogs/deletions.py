"""What is asked before each kind of definition is deleted."""

from __future__ import annotations

from functools import partial

from crm_desktop.domain.filters import RecordQuery
from crm_desktop.domain.impact_nodes import Group, Node, walk
from crm_desktop.domain.index_kinds import IndexKind
from crm_desktop.gui.dialogs.delete_dialog import Consequences, Deletion, counted, listed
from crm_desktop.gui.impact.studies import (
    study_of_field,
    study_of_object,
    study_of_records,
    study_of_relationship,
)
from crm_desktop.gui.sizes import size_text
from crm_desktop.gui.translating import tr
from crm_desktop.services import (
    applications,
    field_removal,
    fields,
    impact,
    index_advice,
    objects,
    record_deletion,
    record_query,
    relationships,
    users,
)
from crm_desktop.services.applications import ApplicationSummary
from crm_desktop.services.fields import FieldSummary
from crm_desktop.services.impact import (
    FieldImpact,
    ObjectImpact,
    RelationshipImpact,
    UserImpact,
)
from crm_desktop.services.index_advice import IndexInfo, IndexState
from crm_desktop.services.objects import ObjectSummary
from crm_desktop.services.record_deletion import DeletionImpact, Referrers
from crm_desktop.services.record_targets import ChosenRecords, RecordTarget
from crm_desktop.services.relationships import RelationshipSummary
from crm_desktop.services.users import UserSummary

_FEW = 500  # records that are deleted within a moment


def deletion_of_object(summary: ObjectSummary) -> Deletion:
    return Deletion(
        title=tr("Delete the object “{name}”?").format(name=summary.label),
        verb=tr("Delete object"),
        study=study_of_object(summary.id),
        further=_of_strays,
        describe=_of_object,
        delete=partial(objects.delete_object, object_id=summary.id, version=summary.version),
        typed_name=summary.label,
        job=tr("Deleting {name}").format(name=summary.plural_name or summary.label),
    )


def _of_object(counts: ObjectImpact) -> Consequences:
    gone = [
        counted(counts.records, tr("record"), tr("records")),
        counted(counts.relationships, tr("relationship"), tr("relationships")),
        counted(counts.links, tr("link"), tr("links")),
    ]
    effects = [tr("Also deletes {0}, {1} and {2}.").format(*gone)]
    if counts.attachments:
        used = counted(counts.attachments, tr("field"), tr("fields"))
        effects.append(tr("Its layout of {0} goes; the fields stay in the library.").format(used))
    if counts.applications:
        named = listed(counts.applications)
        effects.append(tr("It disappears from {0}.").format(named))
    if counts.reference_fields:
        named = listed(counts.reference_fields)
        effects.append(tr("Nothing is left that {0} could point to.").format(named))
    effects.append(tr("This cannot be undone."))
    return Consequences(effects)


def _of_strays(root: Node) -> str:
    """Say what no definition tells, once it was counted."""
    number = next((node.count or 0 for _, node in walk(root) if node.group is Group.STRAYS), 0)
    if not number:
        return ""
    links = counted(number, tr("link"), tr("links"))
    wrong = tr("Also {0} of other objects' relationships, which some program attached wrongly.")
    return wrong.format(links)


def deletion_of_field(summary: FieldSummary) -> Deletion:
    return Deletion(
        title=tr("Delete the field “{name}”?").format(name=summary.label),
        verb=tr("Delete field"),
        study=study_of_field(summary.id),
        name=summary.label,
        describe=partial(_of_field, summary),
        delete=partial(fields.delete_field, field_id=summary.id, version=summary.version),
        job=tr("Deleting {name}").format(name=summary.label),
    )


def _of_field(summary: FieldSummary, counts: FieldImpact) -> Consequences:
    if summary.is_system_field:
        return Consequences((), tr("A system field cannot be deleted: other programs need it."))
    if not counts.objects:
        return Consequences((tr("No object uses it, so nothing else changes."),))
    effects = [tr("It is taken out of the layout of {0}.").format(listed(counts.objects))]
    if counts.records:
        held = counted(counts.records, tr("record holds"), tr("records hold"))
        stays = tr("{0} a value in it: that stays in the data, where nobody sees it.")
        effects.append(stays.format(held))
    effects.append(tr("This cannot be undone."))
    uses = counted(len(counts.objects), tr("object"), tr("objects"))
    delete = partial(
        field_removal.detach_and_delete_field,
        field_id=summary.id,
        version=summary.version,
        on_progress=_go_on,
    )
    return Consequences(effects, verb=tr("Detach from {0} and delete").format(uses), delete=delete)


def _go_on(_done: int, _total: int) -> bool:
    return True


def deletion_of_relationship(summary: RelationshipSummary) -> Deletion:
    return Deletion(
        title=tr("Delete the relationship “{name}”?").format(name=summary.name),
        verb=tr("Delete relationship"),
        study=study_of_relationship(summary.id),
        name=summary.name,
        describe=_of_relationship,
        delete=partial(
            relationships.delete_relationship,
            relationship_id=summary.id,
            version=summary.version,
        ),
        job=tr("Deleting {name}").format(name=summary.name),
    )


def _of_relationship(counts: RelationshipImpact) -> Consequences:
    links = counted(counts.links, tr("link"), tr("links"))
    return Consequences(
        (
            tr("Also deletes {0}; the records stay.").format(links),
            tr("This cannot be undone."),
        )
    )


def deletion_of_user(summary: UserSummary) -> Deletion:
    return Deletion(
        title=tr("Delete the user “{name}”?").format(name=summary.full_name),
        verb=tr("Delete user"),
        count=partial(impact.impact_of_user, user_id=summary.id),
        name=summary.full_name,
        describe=_of_user,
        delete=partial(users.delete_user, user_id=summary.id, version=summary.version),
    )


def _of_user(counts: UserImpact) -> Consequences:
    total = counts.records + counts.links
    made = counts.objects + counts.fields + counts.relationships + counts.applications
    if not total + made:
        return Consequences((tr("Nothing carries this user's name."),))
    records = counted(total, tr("record or link"), tr("records and links"))
    definitions = counted(made, tr("definition"), tr("definitions"))
    sentence = tr("{0} and {1} stay, and no longer say who made them.")
    advice = tr("Deactivating keeps the name and lets nobody sign in with it.")
    return Consequences((sentence.format(records, definitions), advice))


def deletion_of_application(summary: ApplicationSummary) -> Deletion:
    return Deletion(
        title=tr("Delete the application “{name}”?").format(name=summary.title),
        verb=tr("Delete application"),
        count=partial(applications.get_application, application_id=summary.id),
        name=summary.title,
        describe=_of_application,
        delete=partial(
            applications.delete_application,
            application_id=summary.id,
            version=summary.version,
        ),
    )


def _of_application(stored: ApplicationSummary) -> Consequences:
    objects_of = counted(len(stored.object_ids), tr("object"), tr("objects"))
    effects = [tr("Its {0} and their records stay.").format(objects_of)]
    if stored.published_at is not None:
        effects.append(tr("It is published: people who use it lose it."))
    return Consequences(effects)


def deletion_of_targets(target: RecordTarget, *, is_production: bool = False) -> Deletion:
    """Return the deletion of chosen records, or of all that a list finds, however many.

    The number must be typed for all that a list finds, and for more than one in production.
    """
    title, job = tr("Delete all records that the list finds?"), tr("Deleting records")
    verb, number = tr("Delete all"), 0
    if isinstance(target, ChosenRecords):
        number = len(target.ids)
        what = counted(number, tr("record"), tr("records"))
        title, verb = tr("Delete {0}?").format(what), tr("Delete {0:,}").format(number)
        job = tr("Deleting {0}").format(what) if number > _FEW else ""
    asks = number == 0 or (is_production and number > 1)
    return Deletion(
        title=title,
        verb=verb,
        study=study_of_records(target),
        describe=partial(_of_records, target, asks),
        delete=partial(record_deletion.delete_targets, target=target, agreed=number),
        job=job,
    )


def _of_records(target: RecordTarget, asks: bool, counts: DeletionImpact) -> Consequences:  # noqa: FBT001 - bound by `partial`
    if blocked_by := _blocked(target, counts):
        return Consequences((), blocked_by)
    effects = []
    is_one = counts.records == 1
    if not isinstance(target, ChosenRecords):
        what = counted(counts.records, tr("record is"), tr("records are"))
        effects.append(tr("{0} deleted, those that are not in sight included.").format(what))
    if counts.gone:
        gone = tr("1 of them is gone already.")
        many = tr("{0:,} of them are gone already.").format(counts.gone)
        effects.append(gone if counts.gone == 1 else many)
    if counts.links:
        gone = counted(counts.links, tr("link"), tr("links"))
        effects.append(tr("Also removes {0}.").format(gone))
    else:
        effects.append(tr("No links go with it.") if is_one else tr("No links go with them."))
    effects += [_of_referrers(each, is_one=is_one) for each in counts.referrers]
    can = tr("Undo (Ctrl+Z) brings it back.") if is_one else tr("Undo (Ctrl+Z) brings them back.")
    effects.append(can if counts.can_be_undone else tr("This cannot be undone."))
    return Consequences(
        effects,
        verb=tr("Delete {0:,}").format(counts.records),
        typed_name=str(counts.records) if asks else "",
        delete=partial(record_deletion.delete_targets, target=target, agreed=counts.records),
    )


def _blocked(target: RecordTarget, counts: DeletionImpact) -> str:
    if not counts.records:
        is_chosen = isinstance(target, ChosenRecords)
        return tr("Nothing is left of it.") if is_chosen else tr("The list finds no records.")
    if counts.forbidden == counts.records:
        return tr("You are not allowed to delete any of these records.")
    if counts.forbidden:
        sentence = tr("You are not allowed to delete {0:,} of these records. Select others.")
        return sentence.format(counts.forbidden)
    return ""


def _of_referrers(referrers: Referrers, *, is_one: bool) -> str:
    who = counted(referrers.records, tr("other record names"), tr("other records name"))
    what = tr("it") if is_one else tr("one of them")
    sentence = tr("{0} {1} in “{2}”; that then points to nothing.")
    return sentence.format(who, what, referrers.field)


def deletion_of_index(info: IndexInfo) -> Deletion:
    field = info.field_label or info.field_id
    where = info.object_label or info.object_id
    return Deletion(
        title=tr("Drop the index on “{0}” of “{1}”?").format(field, where),
        verb=tr("Drop index"),
        count=partial(record_query.estimate_records, query=RecordQuery(info.object_id)),
        name=field,
        describe=partial(_of_index, info),
        delete=partial(index_advice.drop_index, name=info.id),
        job=tr("Dropping the index on {}").replace("{}", field),
        is_upkeep=True,
    )


def _of_index(info: IndexInfo, rows: int) -> Consequences:
    used = counted(info.scans, tr("time"), tr("times"))
    frees = tr("It frees {0}. The index was used {1}.").format(size_text(info.bytes), used)
    if info.state is not IndexState.READY:
        return Consequences([frees, tr("No list uses it now. No record is changed.")])
    slow = {
        IndexKind.ORDER: tr("Sorting and filtering by it will read all {} records again."),
        IndexKind.EQUAL: tr("Finding its values will read all {} records again."),
        IndexKind.CONTAINS: tr("Finding parts of its texts will read all {} records again."),
        IndexKind.MEMBERS: tr("Finding in its lists will read all {} records again."),
    }
    kind = info.kind or IndexKind.ORDER
    return Consequences([slow[kind].replace("{}", f"{rows:,}"), frees, tr("No record is changed.")])
