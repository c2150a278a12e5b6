"""Values of [display]: where it listens and in which languages it speaks."""

import ipaddress
import re
from typing import Any

from edge.config_geometry import WrongValueError


def parse_languages(raw: Any) -> tuple[str, ...]:
    """A list of language codes, each once; WrongValueError if it is none."""
    if not isinstance(raw, list) or not raw:
        raise WrongValueError("not a list of languages")
    for code in raw:
        if not isinstance(code, str) or not re.fullmatch(r"[a-z]{2,3}", code):
            raise WrongValueError(f"{code!r:.40} is no code of a language")
    return tuple(dict.fromkeys(raw))


def parse_address(raw: Any) -> str:
    """An IP address, or localhost; WrongValueError if it is neither."""
    if not isinstance(raw, str):
        raise WrongValueError("an address stands in quotes")
    try:
        ipaddress.ip_address("127.0.0.1" if raw == "localhost" else raw)
    except ValueError:
        raise WrongValueError("not an IP address") from None
    return raw
