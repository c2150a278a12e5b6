"""The one error of the runtimes."""


class DetectorError(Exception):
    """A detector cannot do its work; the message says what, where and what to do about it."""
