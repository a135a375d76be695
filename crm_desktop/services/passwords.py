"""Passwords as bcrypt, `$2b$`, cost 12: what the other programs on the database verify."""

import secrets

from crm_desktop.domain.errors import Invalid

COST = 12
MAX_BYTES = 72  # bcrypt reads no more
MIN_LENGTH = 8
NOBODY = "$2b$12$" + "." * 53  # takes as long to verify as any other, and no password fits


def hash_password(password: str) -> str:
    """Return the bcrypt hash (0.2 s); raises Invalid for what bcrypt could not keep apart."""
    from passlib.hash import bcrypt

    if len(password) < MIN_LENGTH:
        raise Invalid({"password": f"A password has at least {MIN_LENGTH} characters."})
    if problem := _problem(password):
        raise Invalid({"password": problem})
    return str(bcrypt.using(rounds=COST, ident="2b").hash(password))


def fits(password: str, hashed: str) -> bool:
    """Say whether the password belongs to a hash, as long as it takes; odd hashes fit nothing."""
    from passlib.hash import bcrypt

    if _problem(password):
        password = ""
    if not bcrypt.identify(hashed):
        hashed = NOBODY
    try:
        return bool(bcrypt.verify(password, hashed)) and password != ""
    except ValueError:
        return False


def random_hash() -> str:
    """Return the hash of a secret that nobody keeps: nobody signs in with it."""
    return hash_password(secrets.token_urlsafe(32))


def _problem(password: str) -> str | None:
    size = len(password.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return f"A password has at most {MAX_BYTES} bytes; this one has {size}."
    if "\0" in password or any("\ud800" <= letter <= "\udfff" for letter in password):
        return "The password has a character that cannot be used."
    return None
