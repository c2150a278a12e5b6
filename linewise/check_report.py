"""What `linewise check` found, a line each."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["ok", "warning", "fault"]


@dataclass(frozen=True)
class CheckLine:
    """One finding: about what, in words, and what to do about it ("" where nothing is to be done)."""

    level: Level
    about: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.level:8}{self.about}: {self.text}" + (f"\n        -> {self.remedy}" if self.remedy else "")


@dataclass(frozen=True)
class CheckReport:
    """All findings of one site file."""

    site: str
    lines: tuple[CheckLine, ...]

    @property
    def ok(self) -> bool:
        """No fault among them; warnings are allowed."""
        return all(line.level != "fault" for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {"site": self.site, "ok": self.ok, "lines": [asdict(line) for line in self.lines]}

    def __str__(self) -> str:
        count = {level: sum(line.level == level for line in self.lines) for level in ("fault", "warning", "ok")}
        verdict = "the site can start" if self.ok else "the site cannot start like this"
        summary = f"{count['fault']} faults, {count['warning']} warnings, {count['ok']} ok: {verdict}"
        return "\n".join([*map(str, self.lines), summary])
