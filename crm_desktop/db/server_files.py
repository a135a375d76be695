"""The files of the embedded server as text: its settings, its pid file, its log."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

SETTINGS_FILE = "crm-desktop.conf"
USER_SETTINGS = f"""\
# CRM Desktop's own settings come first; they are written anew at each start.
# What you set below, or with ALTER SYSTEM, wins over them.
include '{SETTINGS_FILE}'
"""
# One person's computer: small when idle, quick when importing, and never unsafe (fsync stays on).
SETTINGS = """\
max_connections = 50
shared_buffers = 128MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
wal_level = minimal
max_wal_senders = 0
max_logical_replication_workers = 0
min_wal_size = 64MB
max_wal_size = 1GB
checkpoint_timeout = 15min
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
default_text_search_config = 'pg_catalog.simple'
lc_messages = 'C'
password_encryption = 'scram-sha-256'
# The server's own events, not each failed statement: the log stays small and without people's data.
log_min_messages = log
log_min_error_statement = panic
log_checkpoints = off
log_line_prefix = '%m [%p] '
"""
LOG_BYTES = 1_000_000
FULL = ("No space left on device", "Disk quota exceeded", "File too large", "not enough space")
TROUBLE = re.compile(r"\b(?:FATAL|PANIC|ERROR|error):\s+(.+)")
LITTLE_SPACE = 1_000_000


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says of a server: its main process and where it listens."""

    pid: int
    port: int
    folder: str
    is_ready: bool
    is_stopping: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """Return what the pid file says, true or stale; None without one.

    Its lines are pid, data directory, start time, port, socket folder, address, shared memory and
    status (`miscadmin.h`, LOCK_FILE_LINE_…); they are written one after the other.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return None
    if not lines[0].strip().lstrip("-").isdigit():
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else 0
    folder = lines[4] if len(lines) > 4 else ""
    status = lines[7].strip() if len(lines) > 7 else ""
    return Postmaster(abs(int(lines[0])), port, folder, status == "ready", status == "stopping")


def trim_log(log: Path) -> None:
    """Keep a log that grew too large as `.old`; the server goes on writing at the new end of it."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        shutil.copyfile(log, log.with_name(f"{log.name}.old"))
        log.with_name(f"{log.name}.old").chmod(0o600)
        with log.open("r+b") as file:
            file.truncate(0)


def reason_in(output: str, what: str, home: Path) -> str:
    """Return a sentence for a failure of PostgreSQL from what its programs wrote."""
    silent_and_full = not output.strip() and shutil.disk_usage(home).free < LITTLE_SPACE
    if silent_and_full or any(sign in output for sign in FULL):
        return full_disk(home)
    found = TROUBLE.findall(output)
    reason = found[-1] if found else (output.strip().split("\n")[-1] or "it gave no reason")
    return f"{what}: {reason.rstrip('.')}. Nothing was changed; its log is {home / 'server.log'}."


def full_disk(home: Path) -> str:
    return (
        f"The disk that holds {home} is full (or a limit for files is reached). Nothing was lost. "
        "Make room, about 100 MB, and start again."
    )
