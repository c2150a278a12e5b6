"""Points and polygons as people write them into a site file: what is wrong with them, in words."""

import math
from collections.abc import Callable
from typing import Any

from edge.vocabulary import Point, Polygon

MAX_POINTS = 100
MIN_AREA = 1e-4  # of the picture: less is a line, nobody's foot is found in it
TOUCH = 0.03  # of the picture: a service line this near to the lane's border lies on it


class WrongValueError(ValueError):
    """What is wrong with a value, in words."""


def fraction(value: Any) -> float:
    """One coordinate, 0 to 1."""
    number = finite(value)
    if 1.0 < number <= 1.001 or -0.001 <= number < 0.0:  # rounding of a drawing tool
        return min(max(number, 0.0), 1.0)
    if number > 2:
        raise WrongValueError(f"the coordinate {value} looks like pixels; divide by the picture's width or height")
    if not 0 <= number <= 1:
        raise WrongValueError(f"the coordinate {value} lies outside the picture (0 to 1)")
    return number


def metres(value: Any) -> float:
    """One floor coordinate, metres."""
    number = finite(value)
    if abs(number) > 1000:
        raise WrongValueError(f"{value} metres is farther than a camera sees (1000)")
    return number


def finite(value: Any) -> float:
    """A number that is neither infinite nor nan."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValueError("not a number")
    if isinstance(value, int) and abs(value) > 10**15:
        raise WrongValueError("the number is too large")
    if not math.isfinite(value):
        raise WrongValueError("not a finite number")
    return float(value)


def points(value: Any, coordinate: Callable[[Any], float] = fraction) -> tuple[Point, ...]:
    """A list of [x, y] pairs."""
    if not isinstance(value, list) or not value:
        raise WrongValueError("not a list of points")
    if len(value) > MAX_POINTS:
        raise WrongValueError(f"{len(value)} points; {MAX_POINTS} are enough")
    return tuple(_point(item, coordinate) for item in value)


def _point(value: Any, coordinate: Callable[[Any], float]) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        if isinstance(value, list) and value and isinstance(value[0], list):
            raise WrongValueError("one pair of brackets too many, or a list of shapes where one is wanted")
        raise WrongValueError("a point is [x, y]")
    return coordinate(value[0]), coordinate(value[1])


def polygon(value: Any) -> Polygon:
    """A polygon of the picture: three corners or more, not crossing itself, with an area."""
    return checked_polygon(points(value))


def checked_polygon(corners: tuple[Point, ...]) -> Polygon:
    """The polygon without repeated corners; WrongValueError if it is none."""
    corners = tuple(corner for i, corner in enumerate(corners) if i == 0 or corner != corners[i - 1])
    if len(corners) > 1 and corners[-1] == corners[0]:
        corners = corners[:-1]  # some write the first corner again to close the polygon
    if len(corners) < 3:
        raise WrongValueError(f"a polygon needs three different corners, here are {len(set(corners))}")
    crossing = _first_crossing(corners)
    if crossing is not None and len(set(corners)) >= 3 and _spread(corners) > 1e-9:
        raise WrongValueError(
            f"the sides after corner {crossing[0] + 1} and after corner {crossing[1] + 1} cross or touch; "
            "list the corners in order around the area"
        )
    if abs(area(corners)) < MIN_AREA:
        raise WrongValueError("the polygon has no area, its corners lie on a line")
    return corners


def polygons(value: Any) -> tuple[Polygon, ...]:
    """A list of polygons."""
    if not isinstance(value, list):
        raise WrongValueError("not a list of polygons")
    if len(value) > MAX_POINTS:
        raise WrongValueError(f"{len(value)} polygons; {MAX_POINTS} are enough")
    if value and isinstance(value[0], list) and value[0] and not isinstance(value[0][0], list):
        raise WrongValueError("one polygon where a list of polygons is wanted; put one more pair of brackets around it")
    return tuple(polygon(item) for item in value)


def path(value: Any) -> tuple[Point, ...]:
    """A line of two points or more that are not all the same."""
    found = points(value)
    if len(found) < 2 or all(math.dist(found[0], other) < 1e-3 for other in found):
        raise WrongValueError("a line needs two different points")
    return found


def segment(value: Any) -> tuple[Point, Point]:
    """A line of exactly two different points."""
    found = path(value)
    if len(found) != 2:
        raise WrongValueError(f"a service line has two points, here are {len(found)}")
    return found[0], found[1]


def area(corners: Polygon) -> float:
    """Signed area by the shoelace formula, in squares of the coordinates' unit."""
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return 0.5 * sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)


def contains(corners: Polygon, point: Point) -> bool:
    """Is the point inside (even-odd rule)?"""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def border_distance(corners: Polygon, a: Point, b: Point) -> float:
    """Smallest distance of the segment a-b from the polygon's border, 0 where they meet."""
    sides = zip(corners, corners[1:] + corners[:1], strict=True)
    return min(segment_distance(a, b, c, d) for c, d in sides)


def segment_distance(a: Point, b: Point, c: Point, d: Point) -> float:
    """Smallest distance between the segments a-b and c-d."""
    if _meet(a, b, c, d):
        return 0.0
    return min(_from(a, c, d), _from(b, c, d), _from(c, a, b), _from(d, a, b))


def _from(p: Point, a: Point, b: Point) -> float:
    length2 = (b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2
    if length2 == 0:
        return math.dist(p, a)
    t = ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1])) / length2
    t = min(max(t, 0.0), 1.0)
    return math.dist(p, (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))


def _side(a: Point, b: Point, p: Point) -> int:
    cross = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    return 0 if abs(cross) < 1e-12 else (1 if cross > 0 else -1)


def _between(a: Point, b: Point, p: Point) -> bool:
    return all(min(a[k], b[k]) <= p[k] <= max(a[k], b[k]) for k in (0, 1))


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    s1, s2, s3, s4 = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if s1 * s2 < 0 and s3 * s4 < 0:
        return True
    on = ((s1, a, b, c), (s2, a, b, d), (s3, c, d, a), (s4, c, d, b))
    return any(s == 0 and _between(p, q, r) for s, p, q, r in on)


def _spread(corners: Polygon) -> float:
    return max(abs(_twice_area(corners[0], corners[1], corner)) for corner in corners)


def _twice_area(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _first_crossing(corners: Polygon) -> tuple[int, int] | None:
    n = len(corners)
    for i in range(n):
        for j in range(i + 2, n):
            if i == 0 and j == n - 1:
                continue  # neighbours around the end
            if _meet(corners[i], corners[i + 1], corners[j], corners[(j + 1) % n]):
                return i, j
    return None
