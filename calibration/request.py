"""What a call of `linewise replay` asks for, as plain values: quick to import, and ready for another process."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """One replay.

    Attributes:
        site_path: the site file.
        recording: RECORDING, or None.
        cameras: every --camera: "ID" or "ID=RECORDING".
        truth: every --truth.
        out: where the files go; None: nowhere.
        overlay: the film to draw; None: none.
        runtime, model: in the place of the site's [detector]; None: the site's.
        fit, certify: write the site's calibration, the site's certificates.
        compare: an earlier replay's folder.
        truth_fps: frames a second of MOT text; None: as its seqinfo.ini or the video says.
        open_with: the owner's private key for sealed truth.
        pictures: may report.html hold pictures of the worst moments?
    """

    site_path: Path
    recording: Path | None
    cameras: tuple[str, ...]
    truth: tuple[Path, ...]
    out: Path | None
    overlay: Path | None
    runtime: str | None
    model: str | None
    fit: bool = False
    certify: bool = False
    compare: Path | None = None
    truth_fps: float | None = None
    open_with: Path | None = None
    pictures: bool = True
