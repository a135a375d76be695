"""The front door to field types: everything that other packages need of them."""

from crm_desktop.domain.effective import (
    EffectiveField,
    bounds,
    count_rule,
    flag_rule,
    merge_field,
    number_rule,
    rule,
    text_rule,
    words_rule,
)
from crm_desktop.domain.field_type import (
    Checker,
    FieldType,
    Parser,
    Shower,
    is_empty,
    same_value,
)
from crm_desktop.domain.json_text import json_text, json_value, storage_problem, text_problem
from crm_desktop.domain.options import Option, options_of
from crm_desktop.domain.types_choice import boolean_labels, join_list, split_list
from crm_desktop.domain.types_date import is_day, is_moment, moment_json, read_moment
from crm_desktop.domain.types_link import is_user_field, target_ids, target_object_id
from crm_desktop.domain.types_text import split_protocol
from crm_desktop.domain.validation import (
    FIELD_TYPES,
    OWN_COLUMNS,
    SYSTEM_COLUMNS,
    default_values,
    is_column,
    naming_fields,
    primary_value,
    type_of,
    validate_record,
    value_checker,
    value_problem,
)

__all__ = [
    "FIELD_TYPES",
    "OWN_COLUMNS",
    "SYSTEM_COLUMNS",
    "Checker",
    "EffectiveField",
    "FieldType",
    "Option",
    "Parser",
    "Shower",
    "boolean_labels",
    "bounds",
    "count_rule",
    "default_values",
    "flag_rule",
    "is_column",
    "is_day",
    "is_empty",
    "is_moment",
    "is_user_field",
    "join_list",
    "json_text",
    "json_value",
    "merge_field",
    "moment_json",
    "naming_fields",
    "number_rule",
    "options_of",
    "primary_value",
    "read_moment",
    "rule",
    "same_value",
    "split_list",
    "split_protocol",
    "storage_problem",
    "target_ids",
    "target_object_id",
    "text_problem",
    "text_rule",
    "type_of",
    "validate_record",
    "value_checker",
    "value_problem",
    "words_rule",
]
