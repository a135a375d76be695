"""The frozen program's beginning: the window at once where no command asks for anything else."""

import os
import sys


def main() -> int:
    _give_streams()
    if not sys.argv[1:]:  # what a desktop starts; the command line's own imports can wait
        from crm_desktop.app import main as open_window

        return open_window([])
    from crm_desktop.cli import main as run_command

    return run_command()


def _give_streams() -> None:
    """Windows gives a program without a console no streams: what is written there is lost."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123


if __name__ == "__main__":
    sys.exit(main())
