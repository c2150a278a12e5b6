"""Takes secrets out of text that leaves the box: those that are known, and whatever stands where secrets stand."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from edge.url_secrets import MASK, mask_paths, path_secrets

_WORD = r"pass(?:word|wd|phrase)?|pwd|secret|token|credential|api[_-]?key|private[_-]?key|cookie|authorization"
_NAME = re.compile(rf"(?i)(?:{_WORD}|(?:^|_)key$|(?:^|_)auth$)")
_URL = re.compile(
    r"(?i)\b([a-z][a-z0-9+.-]{1,20}://)[^\s\"'<>]*@"
)  # all before the last @: a password may hold / and @
_PAIR = re.compile(rf"(?i)([\w-]*(?:{_WORD})[\w-]*\\?[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&\"'}}]+)")
_QUERY = re.compile(r"(?i)([?&](?:user|usr|username|login|pass|pwd|password|auth|key|token)=)[^&\s\"']+")
_HEADER = re.compile(r"(?i)\b(basic|bearer|digest)\s+[a-z0-9+/=._~-]{6,}")
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Masker:
    """Masks texts of one box."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets`: passwords as they are; every way in which a URL or JSON writes them is masked too."""
        forms = {form for secret in secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(_whole, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _PEM.sub(MASK, text)
        text = mask_paths(_URL.sub(rf"\1{MASK}@", text))
        text = _HEADER.sub(rf"\1 {MASK}", text)
        text = _QUERY.sub(rf"\1{MASK}", text)
        return _PAIR.sub(_masked_pair, text)

    def value(self, value: Any, name: str = "") -> Any:
        """The same for what JSON or TOML holds; `name`: the key under which it stands."""
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, name) for inner in value]
        if _NAME.search(name) and not isinstance(value, bool) and not _only_variables(value):
            return MASK
        return self.text(value) if isinstance(value, str) and not _only_variables(value) else value


def _masked_pair(match: re.Match[str]) -> str:
    mark = match[2][0] if match[2][0] in "\"'" else ""  # quotes stay: JSON stays JSON
    return f"{match[1]}{mark}{MASK}{mark}"


def secrets_of(site_text: str, environ: Mapping[str, str], *environment_files: Path) -> set[str]:
    """What must not be told: variables that the site file names, those with names of secrets, and its own passwords.

    Args:
        site_text: the site file; it need not be one that loads.
        environ: this process's environment.
        environment_files: files of NAME=VALUE lines that the units read; every value of them counts as a secret.
    """
    named = set(_VARIABLE.findall(site_text))
    found = {value for name, value in environ.items() if name in named or _NAME.search(name)}
    found |= {value for file in environment_files for value in environment_of(file).values()}
    try:
        values = tomllib.loads(site_text)
        found |= set(_literal(values)) | set(_hooks(values))
    except (tomllib.TOMLDecodeError, RecursionError):
        found |= {match[1].strip("\"'") for match in re.findall(_PAIR, site_text)}
    return {secret for secret in found if secret.strip() and not _only_variables(secret)}


def _literal(value: Any, name: str = "") -> Iterator[str]:
    """Passwords that stand in the file itself, under a key or in an address."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _literal(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _literal(inner, name)
    elif isinstance(value, str):
        if _NAME.search(name):
            yield value
        if "://" in value and "@" in value:
            who = value.split("://", 1)[1].rpartition("@")[0]
            yield who.partition(":")[2] or who
        yield from path_secrets(value)


def _hooks(values: Mapping[str, Any]) -> Iterator[str]:
    """What stands behind the host of a webhook's address: whoever knows it may post there."""
    hooks = values.get("webhook")
    for hook in hooks if isinstance(hooks, list) else ():
        url = hook.get("url") if isinstance(hook, Mapping) else None
        if isinstance(url, str):
            yield url.partition("://")[2].partition("/")[2]


def environment_of(file: Path) -> dict[str, str]:
    """NAME=VALUE lines of a unit's EnvironmentFile, {} where there is none."""
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _forms(secret: str) -> set[str]:
    """A secret as it may be written: as it is, in a URL, out of a URL, in JSON."""
    ways = {secret, unquote(secret)}
    ways |= {quote(way, safe=safe) for way in set(ways) for safe in ("", "/", "/:@")}
    ways |= {json.dumps(way, ensure_ascii=ascii_)[1:-1] for way in set(ways) for ascii_ in (True, False)}
    return {way for way in ways if way.strip()}


def _whole(form: str) -> str:
    """A short secret is looked for as a word: masking every "1" would leave nothing to read."""
    escaped = re.escape(form)
    return escaped if len(form) >= 4 else rf"(?<!\w){escaped}(?!\w)"


def _only_variables(value: Any) -> bool:
    """Is it nothing but ${NAMES}? They are told: which variable is used is no secret."""
    return isinstance(value, str) and bool(_VARIABLE.search(value)) and not _VARIABLE.sub("", value).strip()
