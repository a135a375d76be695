"""Which settings are lost with a type; and that forms and domain agree on what a type knows."""

from crm_desktop.domain.json_edits import applied
from crm_desktop.domain.type_keys import lost_keys
from crm_desktop.gui.editors.config.settings import SETTINGS


def after(config: object, old: str, new: str) -> object:
    return applied(config, lost_keys(config, old, new)) if isinstance(config, dict) else config


def test_what_only_the_old_type_knows_goes_and_what_nobody_knows_stays() -> None:
    config = {"minLength": 2, "maxLength": 9, "hint": "theirs", "placeholder": "x", "rows": 4,
              "default": "5", "options": [1]}  # fmt: skip
    kept = {"hint": "theirs", "placeholder": "x", "rows": 4, "default": "5", "options": [1]}
    assert after(config, "text", "number") == kept
    assert after(config, "text", "email") == config
    assert after(config, "unknown", "number") == config


def test_rules_one_level_down_go_as_well_and_an_empty_level_with_them() -> None:
    assert after({"validation": {"regex": "a", "regexMessage": "b"}}, "text", "number") == {}
    mixed = {"validation": {"min_length": 2, "theirs": 1}}
    assert after(mixed, "text", "number") == {"validation": {"theirs": 1}}
    assert lost_keys({"validation": "odd"}, "text", "number") == ()
    assert lost_keys(None, "text", "number") == ()
    assert lost_keys([1], "text", "number") == ()


def test_one_word_for_two_things_is_lost_between_them() -> None:
    assert after({"format": "E.164"}, "phone", "date") == {}
    assert after({"format": "DD.MM."}, "date", "datetime") == {"format": "DD.MM."}
    assert after({"lookupObject": "user"}, "lookup", "reference") == {}
    kept = {"lookupObject": "obj_a", "allowMultiple": True}
    assert after(kept, "lookup", "reference") == kept
    assert after({"lookupObject": {}}, "lookup", "text") == {}


def test_every_setting_of_a_form_means_something_to_its_type() -> None:
    to_every_type = {"placeholder", "default", "defaultValue"}
    for type_name, settings in SETTINGS.items():
        for path in (path for setting in settings for path in setting.paths):
            config: object = 1
            for key in reversed(path):
                config = {key: config}
            is_lost = bool(lost_keys(config, type_name, "unknown"))
            assert is_lost == (path[-1] not in to_every_type), (type_name, path)
            assert not lost_keys(config, type_name, type_name)
