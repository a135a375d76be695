"""Names of objects, fields and relationships: made from labels, and checked."""

import re
import unicodedata

MAX_NAME = 255
_NAME = re.compile(r"[^\W\d_]\w*")
_NOT_DECOMPOSED = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "đ": "d", "ł": "l", "Ł": "L"})


def name_from_label(label: str) -> str:
    """Return a name such as `first_name` for “First name”, or "" when no letter is left.

    Accents are dropped; letters of other scripts stay as they are.
    """
    spelled = unicodedata.normalize("NFKD", label.translate(_NOT_DECOMPOSED))
    plain = "".join(letter for letter in spelled if not unicodedata.combining(letter))
    words = re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", plain).lower())
    return re.sub(r"^[\d_]+", "", words)[:MAX_NAME].rstrip("_")


def name_problem(name: str) -> str | None:
    """Say what is wrong with a new name; names that others made are not asked."""
    if not name:
        return "Enter a name."
    if len(name) > MAX_NAME:
        return f"The name is longer than {MAX_NAME} characters."
    if _NAME.fullmatch(name) is None:
        return "A name begins with a letter and has only letters, digits and underscores."
    return None


def plural_from_label(label: str) -> str:
    """Return the English plural of a label, as a proposal."""
    if re.search(r"[^aeiou]y$", label):
        return f"{label[:-1]}ies"
    if re.search(r"(s|x|z|ch|sh)$", label):
        return f"{label}es"
    return f"{label}s"
