import pytest

from crm_desktop.domain.names import name_from_label, name_problem, plural_from_label


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("First name", "first_name"),
        ("  E-Mail (work) ", "e_mail_work"),
        ("Größe", "grosse"),
        ("Ångström Łódź", "angstrom_lodz"),
        ("2nd phone", "nd_phone"),
        ("顧客 名", "顧客_名"),
        ("Имя", "имя"),
        ('"; DROP TABLE records;--', "drop_table_records"),
        ("1 🚀", ""),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_label_becomes_a_name(label: str, name: str) -> None:
    assert name_from_label(label) == name
    assert not name or name_problem(name) is None


@pytest.mark.parametrize("name", ["", "1a", "_a", "a b", "a;b", "a" * 256, "a\n"])
def test_what_is_no_name_is_said_in_a_sentence(name: str) -> None:
    problem = name_problem(name)
    assert problem is not None
    assert problem.endswith(".")


def test_a_plural_is_proposed() -> None:
    labels = ("Company", "Contact", "Address", "Key", "Branch")
    plurals = ["Companies", "Contacts", "Addresses", "Keys", "Branches"]
    assert [plural_from_label(label) for label in labels] == plurals
