"""Errors that reach people, each with what, where and what to do.

LinewiseError            the base; the command prints it without a traceback
├── InputError           a file, option or site file is wrong            -> exit code 2
├── SourceError          a camera or recording can't be opened or read   -> exit code 2 in replay, retried live
└── BrokerError          the broker can't be reached or refuses          -> exit code 1
"""


class LinewiseError(Exception):
    """Base of what people are told in words."""

    exit_code = 1


class InputError(LinewiseError):
    """Something that the user gave is wrong."""

    exit_code = 2


class SourceError(LinewiseError):
    """A camera or recording can't be opened or read.

    Attributes:
        kind: "refused", "auth_failed", "untrusted", "not_found", "unreadable", "ended" or "stalled".
    """

    exit_code = 2

    def __init__(self, message: str, kind: str = "unreadable") -> None:
        super().__init__(message)
        self.kind = kind


class BrokerError(LinewiseError):
    """The broker can't be reached or refuses."""
