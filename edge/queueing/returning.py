"""Those who come back: under another track while they are held, or after their stay has been given up.

Nobody appears from nowhere inside a line. A track that begins there, near where somebody hidden was last seen, is that
person. While the stay is held it simply goes on. Once it has ended as lost the person is counted anew, as of the first
time of joining, so that the wait stays whole; one who has been told as served is not counted again. One who was not
counted yet is still who came in then; of them nothing is learned, since passers-by may vanish for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge.queueing.floor import Floor
from edge.queueing.identity import matches
from edge.queueing.paths import Key, Path
from edge.queueing.presence import End, Presence
from edge.queueing.sight import Seen
from edge.vocabulary import Point

STAFF_S = 5.0  # so long in a staff area: staff
HELD_BESIDE_S = 3.0  # staff, and those done with a lane, are looked for so long


def is_staff(path: Path) -> bool:
    """Has the person stood in a staff area for long enough?"""
    return path.staff_s >= STAFF_S


def goes_on(path: Path, at_s: float) -> bool:
    """Is it worth remembering who this is though in no lane: staff, or done with a lane and not yet gone?"""
    return at_s - path.seen_s <= HELD_BESIDE_S and (is_staff(path) or path.barred is not None)


@dataclass(frozen=True)
class Given:
    """A stay that was given up though nobody saw the person go.

    Attributes:
        stay: as it was, its path at the last place where the person was seen.
        end: how it was ended.
        until_s: the person is looked for until then.
    """

    stay: Presence
    end: End
    until_s: float


def retrack(
    paths: dict[Key, Path],
    hidden: Sequence[Path],
    new: Sequence[Seen],
    floor: Floor,
    *,
    at_s: float,
    certain: bool,
    standing: Sequence[Point] = (),
) -> list[Seen]:
    """Gives tracks that were just found to people who are hidden; those found who are nobody hidden are returned.

    `standing`: see identity.matches.

    Not `certain`: pictures were missing meanwhile, and no wait is made of a visit that goes on by a guess.
    """
    taken: set[int] = set()
    for i, j in matches(hidden, [s.point for s in new], at_s, standing):
        taken.add(j)
        move(paths, hidden[i], new[j].key, floor, certain=certain)
    return [s for j, s in enumerate(new) if j not in taken]


def move(paths: dict[Key, Path], path: Path, key: Key, floor: Floor, *, certain: bool = True) -> None:
    """The person goes on under another track, with the stay if there is one."""
    stay = floor.present.pop(path.key, None)
    del paths[path.key]
    path.rename(key)
    paths[key] = path
    if stay is not None:
        floor.present[key] = stay
        if stay.number is not None:
            floor.books[stay.queue].follow(stay.number, path.names[-1], certain=certain)


class Lost:
    """Stays of one camera that were given up of late."""

    def __init__(self) -> None:
        self._given: list[Given] = []

    def add(self, given: Given) -> None:
        """One more."""
        self._given.append(given)

    def clear(self) -> None:
        """The pictures began anew: nobody of before is looked for."""
        self._given.clear()

    def expire(self, at_s: float, floor: Floor) -> None:
        """Those looked for in vain have gone."""
        for given in [g for g in self._given if g.until_s < at_s and g.stay.number is not None]:
            floor.gaps(given.stay).went()
        self._given = [g for g in self._given if g.until_s >= at_s]

    def find(
        self, paths: dict[Key, Path], new: Iterable[Seen], floor: Floor, *, at_s: float, standing: Sequence[Point] = ()
    ) -> None:
        """Tracks that were just found inside take up the stays that were given up near them."""
        new = list(new)
        if not self._given or not new:
            return
        found = set()
        for i, j in matches([g.stay.path for g in self._given], [s.point for s in new], at_s, standing):
            given, path, key = self._given[i], self._given[i].stay.path, new[j].key
            found.add(i)
            if given.stay.number is not None:
                floor.gaps(given.stay).came_back(at_s - path.seen_s)
            path.rename(key)
            paths[key] = path
            if given.end.outcome == "served":
                path.barred = given.stay.place
            else:
                floor.present[key] = _anew(given.stay)
        self._given = [g for i, g in enumerate(self._given) if i not in found]


def _anew(stay: Presence) -> Presence:
    """The same stay, to be counted again."""
    back = Presence(stay.path, stay.place, stay.queue, stay.lane, stay.entered_s, at_start=stay.at_start)
    back.service_s, back.served_s, back.crossed_s = stay.service_s, stay.served_s, stay.crossed_s
    return back
