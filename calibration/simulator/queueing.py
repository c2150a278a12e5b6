"""Who stands where in a line, and who is served next: files side by side, tills, counters beyond the line, lifts."""

from collections.abc import Sequence

from calibration.simulator.lanes import file_side_m, inside, place, spot
from calibration.simulator.people import Person
from calibration.simulator.settings import Lift, Point, Till

AT_HEAD_M = 0.06  # so near the head a person can be served ...
AT_GATE_M = 0.5  # ... or step on a chair
FRIEND_M = 0.35  # a friend stands so far behind and beside


def own_file(line: Sequence[Person], person: Person) -> list[Person]:
    """Those who stand in the person's file, from the head on."""
    return [p for p in line if p.file == person.file]


def goal_m(line: Sequence[Person], person: Person) -> float:
    """How far from the head the person wants to stand: a gap behind the one in front."""
    file = own_file(line, person)
    k = file.index(person)
    gap_m = FRIEND_M if k > 0 and person.friend == file[k - 1].person else person.gap_m
    return 0.0 if k == 0 else file[k - 1].along_m + gap_m


def heads(line: Sequence[Person], abreast: int) -> list[Person]:
    """The first of each file, who joined first first."""
    firsts = [next((p for p in line if p.file == file), None) for file in range(abreast)]
    return sorted((p for p in firsts if p is not None), key=line.index)


def side_m(till: Till, person: Person) -> float:
    """How far beside the line's middle the person stands."""
    return file_side_m(till, person.file) + person.side_m


def choose_file(till: Till, line: Sequence[Person], person: Person) -> int:
    """The shortest file; of a group that is in the line already the one nearest to it."""
    ends = [max((p.along_m for p in line if p.file == file), default=-1.0) for file in range(till.abreast)]
    together = [p for p in line if p.group is not None and p.group == person.group]
    if together:
        last = together[-1]
        return min(range(till.abreast), key=lambda f: (ends[f] > last.along_m - 0.4, abs(f - last.file), ends[f]))
    return min(range(till.abreast), key=lambda f: ends[f])


def way_in(till: Till, line: Sequence[Person], person: Person) -> list[Point]:
    """The way to where to join: the lane's end, or behind the last of the file where that has outgrown the lane.

    A friend goes to the one who waits. If that one has been served meanwhile the friend walks round the lane to its
    end; who has a foot in it by then stays there.
    """
    friend = next((p for p in line if p.person == person.friend), None)
    if friend is not None:
        outer = (till.half_width_m - 0.15) * (1 if friend.file * 2 >= till.abreast - 1 else -1)
        return [spot(till, friend.along_m + FRIEND_M, outer)]
    late, person.friend = person.friend is not None, None
    person.file = choose_file(till, line, person)
    along, side = place(till, person.x_m, person.y_m)
    if late and inside(till, person.x_m, person.y_m):
        return [(person.x_m, person.y_m)]
    file = own_file(line, person)
    behind_m = file[-1].along_m + person.gap_m if file else 0.0
    tail_m = max(till.length_m + 0.35, behind_m)
    end = spot(till, tail_m, side_m(till, person))
    return [spot(till, tail_m, side), end] if late and along < till.length_m else [end]


def join(till: Till, line: list[Person], person: Person) -> None:
    """Puts the person at the end of the line, or behind the friend; who stands in the middle already is there."""
    friend = next((p for p in line if p.person == person.friend), None)
    if friend is None:
        file = own_file(line, person)
        behind = next((p for p in file if p.along_m > person.along_m), None)
        line.insert(len(line) if behind is None else line.index(behind), person)
        return
    person.file = friend.file
    person.side_m = (till.half_width_m - 0.15) * (1 if friend.file * 2 >= till.abreast - 1 else -1)
    person.side_m -= file_side_m(till, person.file)
    line.insert(line.index(friend) + 1, person)


def boarders(lift: Lift, lines: Sequence[tuple[Till, list[Person]]]) -> list[Person]:
    """Who steps on the chair that comes now.

    From the heads of the first till's files the first group, whole as far as it stands at the gate, then other groups
    that fit whole; seats that are left go to the heads of the other lines.
    """
    out: list[Person] = []
    for till, line in lines:
        ready = [p for p in heads(line, till.abreast) if p.along_m < AT_GATE_M and p.pays_until_s is None]
        while ready:
            first = ready[0]
            party = [p for p in ready if p is first or (p.group is not None and p.group == first.group)]
            ready = [p for p in ready if p not in party]
            whole = [p for p in line if p is first or (p.group is not None and p.group == first.group)]
            room = lift.seats - len(out)
            if len(party) <= room and (not out or len(whole) == len(party)):
                out += party
    return out
