"""What `pg_dump` says of a database, to compare it before and after."""

import subprocess

from tests.postgres import binaries


def schema_of(url: str) -> str:
    """Return the database's schema, with nothing in it that differs from run to run."""
    return _dump(url, "--schema-only")


def contents_of(url: str) -> str:
    """Return schema and rows."""
    return _dump(url)


def _dump(url: str, *options: str) -> str:
    program = binaries(18) / "pg_dump"
    run = subprocess.run(
        [program, "--restrict-key=x", *options, url], check=True, capture_output=True, text=True
    )
    return run.stdout
