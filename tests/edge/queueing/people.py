"""Single people in a lane, as membership.py's parts see them: for tests of one part at a time."""

from edge.queueing.floor import Floor
from edge.queueing.lanes import LaneShape, lane_shape
from edge.queueing.paths import Key, Path
from edge.queueing.presence import Place, Presence
from edge.queueing.visits import VisitBook
from edge.vocabulary import LaneSettings, Point
from tests.edge.queueing.scene import SIZE, lane

HEIGHT = 0.2
ASPECT = SIZE[0] / SIZE[1]


def shape_of(settings: LaneSettings | None = None, next_lane: LaneSettings | None = None) -> LaneShape:
    """The lane of scene.py, or that one, in picture heights: x from 0.444 to 1.333, y from 0.30 (the line) to 0.95."""
    return lane_shape(settings or lane(), next_lane, ASPECT)


def place_of(settings: LaneSettings | None = None, at: int = 0) -> Place:
    """That lane as its camera sees it; `at`: its place in the queue."""
    settings = settings or lane()
    return Place(0, at, settings, True, 0, 1 if settings.service_area else None)


def path(point: Point = (0.9, 0.6), *, key: Key = ("c1", "r", 1), at_s: float = 0.0, inside: float = 0.1) -> Path:
    """Somebody found at that moment and place, picture heights; `inside`: of the lane's border."""
    return Path(key, at_s, point, height=HEIGHT, distance=[inside])


def book_and_floor() -> tuple[VisitBook, Floor]:
    """A queue's book, and a floor with that queue only."""
    book = VisitBook("q1")
    return book, Floor([book])


def arrive(floor: Floor, who: Path, *, joined_s: float | None = 0.0, lane_at: int = 0) -> Presence:
    """Puts somebody into the lane; a member who joined then, or with None not counted yet."""
    stay = Presence(who, 0, 0, lane_at, joined_s or 0.0)
    if joined_s is not None:
        stay.number = floor.books[0].join(joined_s, who.names, censored=False)
    floor.present[who.key] = stay
    return stay
