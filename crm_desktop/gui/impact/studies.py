"""How the tree of each kind of subject is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from crm_desktop.services import impact_tree, record_impact_tree

if TYPE_CHECKING:
    from crm_desktop.db.database import ReadSession
    from crm_desktop.domain.impact_nodes import Counted, Node, Outline
    from crm_desktop.services.record_targets import RecordTarget


CountPart = Callable[..., "tuple[Node, ...]"]
"""Takes a session, and by name the `part`."""


@dataclass(frozen=True, slots=True)
class Study:
    """What is read at once, what a deletion waits for, and what is counted after that."""

    outline: Callable[[ReadSession], Outline]
    count: Callable[[ReadSession], Counted]
    count_part: CountPart | None = None


def study_of_object(object_id: str) -> Study:
    return Study(
        partial(impact_tree.outline_of_object, object_id=object_id),
        partial(impact_tree.count_with_object, object_id=object_id),
        partial(impact_tree.count_part_of_object, object_id=object_id),
    )


def study_of_relationship(relationship_id: str) -> Study:
    return Study(
        partial(impact_tree.outline_of_relationship, relationship_id=relationship_id),
        partial(impact_tree.count_with_relationship, relationship_id=relationship_id),
    )


def study_of_field(field_id: str) -> Study:
    return Study(
        partial(impact_tree.outline_of_field, field_id=field_id),
        partial(impact_tree.count_with_field, field_id=field_id),
    )


def study_of_records(target: RecordTarget) -> Study:
    return Study(
        partial(record_impact_tree.outline_of_records, target=target),
        partial(record_impact_tree.count_with_records, target=target),
        partial(record_impact_tree.count_part_of_records, target=target),
    )
