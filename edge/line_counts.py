"""The counting lines of a site: tracks in, a reading a second and line out. No I/O, no clock."""

from collections.abc import Mapping

from edge.messages import LineReading, utc
from edge.queueing.crossings import LineCounter
from edge.queueing.watch import CameraWatch
from edge.settings import Site
from edge.vocabulary import Tracks


class LineCounts:
    """All counting lines of a site."""

    def __init__(self, site: Site) -> None:
        self._site = site.id
        self._lines = [LineCounter(line) for line in site.lines]

    def on_tracks(self, tracks: Tracks) -> None:
        """Takes in one picture's tracks; a useless picture is no evidence."""
        if tracks.picture not in ("ok", "damaged"):
            return
        for line in self._lines:
            if line.settings.camera_id == tracks.camera_id:
                line.update(tracks)

    def readings(self, pts_s: float, utc_s: float, watches: Mapping[str, CameraWatch]) -> list[LineReading]:
        """What every line says at this moment."""
        out = []
        for line in self._lines:
            line.settle(pts_s)
            watch = watches.get(line.settings.camera_id)
            out.append(
                LineReading(
                    site=self._site,
                    line=line.settings.id,
                    pts_s=pts_s,
                    at=utc(utc_s),
                    quality="config" if watch is None else watch.quality(pts_s),
                    count_in=line.count_in,
                    count_out=line.count_out,
                )
            )
        return out
