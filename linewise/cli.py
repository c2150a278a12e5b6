"""The command `linewise`: every sub-command is registered here, every error that people see is printed here."""

import errno
import sys

import typer

from edge.errors import LinewiseError
from linewise import (
    calibrate_command,
    check,
    clean_command,
    count_command,
    diagnose_command,
    format_commands,
    install_command,
    part_commands,
    replay_command,
    simulate_command,
    train_commands,
    tune_command,
)

app = typer.Typer(
    name="linewise",
    help="Counts the people in queues on video and tells how long the wait is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    part_commands,
    calibrate_command,
    check,
    install_command,
    diagnose_command,
    replay_command,
    count_command,
    tune_command,
    simulate_command,
    train_commands,
    clean_command,
    format_commands,
):
    module.register(app)


def main() -> None:
    """Runs a sub-command; exit codes: 0 fine, 1 a check or a part failed, 2 the input is wrong."""
    try:
        app()
    except LinewiseError as error:
        print(f"linewise: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `linewise ... | head`: the reader has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno not in (errno.EMFILE, errno.ENFILE):
            raise
        remedy = "raise its limit (LimitNOFILE= in a unit, ulimit -n in a shell)"
        print(f"linewise: this process may not open another file or connection: {remedy}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
