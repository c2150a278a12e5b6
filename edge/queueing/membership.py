"""Who of the people that one camera follows is in which lane; the visit books are kept from here.

A person is in one lane only: the one being in until it is left, else the one entered deepest. Rules and figures: see
docs/queue-science.md.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from edge.queueing import endings, handover, origins, overlap
from edge.queueing import presence as rules
from edge.queueing.bystanders import seen_through
from edge.queueing.experience import HOLD_MOST, LEAST_GAP_S
from edge.queueing.floor import Floor
from edge.queueing.lanes import Array, LaneShape, Zone, lane_shape, zone
from edge.queueing.paths import Key, Path
from edge.queueing.presence import End, Presence
from edge.queueing.returning import Given, Lost, goes_on, is_staff, retrack
from edge.queueing.sight import Seen, measure, places_on
from edge.vocabulary import QueueSettings, Tracks

GAP_S = 3.0  # longer without a picture: what happened meanwhile is unknown
REMEMBER_S = 30.0  # longer: who was there is not looked for any more
BACK_S = 1.0  # pictures older than the latest by less are late ones; by more, the clock was set back
FORGET_S = 6.0  # a path without a stay, unseen


class CameraLanes:
    """All lanes that lie on one camera."""

    def __init__(
        self, camera_id: str, queues: Iterable[QueueSettings], floor: Floor, *, floors: Mapping[str, Array]
    ) -> None:
        """`floors`: (3, 3) from fractions of the picture to metres of each camera that has floor marks."""
        self.camera_id = camera_id
        self.floor = floor
        self.last_s: float | None = None
        self._queues = list(queues)
        self._places = places_on(camera_id, self._queues, floors)
        self._to_floor = floors.get(camera_id)
        self._aspect = 0.0
        self._shapes: list[LaneShape] = []
        self._zones: list[Zone] = []
        self._behind: list[Zone | None] = []  # of each lane the one behind, where that is another camera's
        self._aside = 0
        self._paths: dict[Key, Path] = {}
        self._lost = Lost()
        self._epoch_s = self._resumed_s = 0.0
        self._resumed = False

    def update(self, tracks: Tracks) -> None:
        """Takes in one good picture's tracks; late pictures are passed over."""
        if not self._clock(tracks.pts_s):
            return
        at_s = tracks.pts_s
        self._fit(tracks.size_px[0] / max(tracks.size_px[1], 1))
        seen = measure(tracks, self._places, self._shapes, self._zones)
        self._relink(seen, at_s)
        for s in seen:
            self._move(s, at_s)
        for s in sorted(seen, key=lambda s: s.key in self.floor.present):  # newcomers first: see handover.exchanged
            self._place(self._paths[s.key], at_s)
        self._unseen({s.key for s in seen}, at_s)
        self._count(at_s)
        listed = {(self.camera_id, tracks.run, int(i)) for i in tracks.track_ids}
        self._forget(listed, at_s)

    def expire(self, now_s: float) -> None:
        """No picture for too long: who was there is lost."""
        if self.last_s is not None and now_s - self.last_s > REMEMBER_S and self._paths:
            self._lose_all()

    def shape(self, p: Presence) -> LaneShape:
        """The geometry of the lane that somebody is in."""
        return self._shapes[p.place]

    def _clock(self, at_s: float) -> bool:
        last, self.last_s = self.last_s, at_s
        self._resumed = False
        if last is None:
            self._epoch_s = self._resumed_s = at_s
        elif at_s < last - BACK_S or at_s > last + REMEMBER_S:
            self._lose_all()
            if at_s < last:
                for place in self._places:
                    self.floor.books[place.queue].forget_order()
            self._epoch_s = self._resumed_s = at_s
        elif at_s <= last:
            self.last_s = last
            return False
        elif at_s - last > GAP_S:
            self._epoch_s = self._resumed_s = at_s
            self._resumed = True
        return True

    def _fit(self, aspect: float) -> None:
        if abs(aspect - self._aspect) < 1e-6:
            return
        self._aspect = aspect
        if self._to_floor is not None:
            self.floor.grounds[self.camera_id] = self._to_floor @ np.diag([1.0 / aspect, 1.0, 1.0])
        self._shapes, self._zones = [], []
        for p in self._places:
            nearer = self._queues[p.queue].lanes[p.lane - 1] if p.lane else None
            seen = (b.settings for b in self._places if b.borrowed and (b.queue, b.lane) == (p.queue, p.lane - 1))
            shape = lane_shape(p.settings, next(seen, nearer), aspect)
            self._shapes.append(shape)
            self._zones.append(shape.area)
            if shape.service_area is not None:
                self._zones.append(shape.service_area)
        self._behind = [zone(p.behind, aspect) if len(p.behind) >= 3 else None for p in self._places]

    def _relink(self, seen: list[Seen], at_s: float) -> None:
        """Those found inside for the first time take over the stays of those just lost nearby."""
        now = {s.key for s in seen}
        present = self.floor.present
        hidden = [p for k, p in self._paths.items() if k not in now and (k in present or goes_on(p, at_s))]
        near = [s for s in seen if s.staff or max(s.distance) > -rules.MARGIN_HEIGHTS * s.height]
        new = [s for s in near if s.key not in self._paths]
        if new:
            standing = [s.point for s in seen if (stay := present.get(s.key)) is not None and stay.number is not None]
            known = not self._resumed
            rest = retrack(self._paths, hidden, new, self.floor, at_s=at_s, certain=known, standing=standing)
            inside = [s for s in rest if max(s.distance) > 0.0]
            self._lost.find(self._paths, inside, self.floor, at_s=at_s, standing=standing)
        self._lost.expire(at_s, self.floor)

    def _move(self, s: Seen, at_s: float) -> None:
        path = self._paths.get(s.key)
        if path is None:
            self._paths[s.key] = Path(s.key, at_s, s.point, height=s.height, distance=s.distance)
            return
        if s.staff:
            path.staff_s += min(at_s - path.seen_s, GAP_S)
        path.step(at_s, s.point, height=s.height, distance=s.distance, zones=self._zones)

    def _place(self, path: Path, at_s: float) -> None:
        """Puts a person who was seen now into a lane, or follows the stay."""
        stay = self.floor.present.get(path.key)
        if path.barred is not None and rules.is_out(path, self._places[path.barred], self._shapes[path.barred]):
            path.barred = None
        if stay is not None:
            if stay.hidden and not self._resumed:
                self.floor.gaps(stay).came_back(at_s - stay.path.previous_s)
            stay.hidden, stay.at_exit, stay.follower = False, False, None
            self._follow(stay, at_s)
            stay = self.floor.present.get(path.key)
        if stay is None and not is_staff(path):
            best = self._best_lane(path)
            if best is not None and not self._places[best].borrowed:
                self._enter(path, best)

    def _best_lane(self, path: Path) -> int | None:
        lanes = [
            (rules.inside(path, place), -i)
            for i, place in enumerate(self._places)
            if i != path.barred and rules.is_in(path, place, self._shapes[i])
        ]
        return -max(lanes)[1] if lanes else None

    def _enter(self, path: Path, i: int) -> None:
        place = self._places[i]
        stay = handover.from_other_camera(self.floor, path, place)
        if stay is None:
            start_s = rules.entered_s(path, place)
            stay = Presence(path, i, place.queue, place.lane, start_s)
            first_look = path.first_s - self._epoch_s <= 1e-9
            clear = rules.inside(path, place) > rules.margin(path, self._shapes[i].area)
            early = path.first_s - self._epoch_s <= place.settings.hold_s and clear
            stay.at_start = start_s == path.first_s and (first_look or early)
        else:
            stay.path, stay.place, stay.lane, stay.hidden = path, i, place.lane, False
            stay.borrowed = False
            stay.out_since_s = stay.out_s = None
        self.floor.present[path.key] = stay
        rules.watch_service_area(stay, place, self._shapes[i])

    def _follow(self, stay: Presence, at_s: float) -> None:
        place, shape = self._places[stay.place], self._shapes[stay.place]
        apart = seen_through(stay, self.floor.books[stay.queue])
        if apart is not None or is_staff(stay.path):
            self._finish(stay, apart or End("left", at_s))
            return
        rules.watch_line(stay, shape)
        rules.watch_service_area(stay, place, shape)
        rules.watch_border(stay, place, shape)
        end = rules.service_end(stay, place, shape)
        if end is None and rules.inside(stay.path, place) <= 0.0:
            other = self._best_lane(stay.path)
            if other is not None and other != stay.place:
                if self._places[other].queue == stay.queue:
                    stay.place, stay.lane = other, self._places[other].lane
                    stay.borrowed = self._places[other].borrowed
                    stay.out_since_s = stay.out_s = None
                    return
                end = rules.outside_end(stay, place)
        gone = rules.border_end(stay, place, shape, at_s) if end is None else None
        if gone is not None and self._set_aside(stay, gone):
            return
        if (end := end or gone) is not None:
            if not rules.is_out(stay.path, place, shape):
                stay.path.barred = stay.place
            self._finish(stay, end)

    def _set_aside(self, stay: Presence, end: End) -> bool:
        """Somebody whose track has left the lane though the person did not, see handover.py: known there, or hidden."""
        if end.outcome != "left" or handover.exchanged(self.floor, stay):
            return end.outcome == "left"
        if not handover.out_of_sight(stay, self._behind[stay.place]) and not handover.jumped(stay):
            return False
        self._aside -= 1
        key = (self.camera_id, stay.path.key[1], self._aside)
        path = handover.set_aside(self.floor, stay, key, self._zones)
        if path is not None:
            self._paths[key] = path
        return True

    def _unseen(self, seen: set[Key], at_s: float) -> None:
        """Those not seen now stay for hold_s of watched time; then it is decided how they ended."""
        for stay in [p for k, p in self.floor.present.items() if k[0] == self.camera_id and k not in seen]:
            place, shape = self._places[stay.place], self.shape(stay)
            if not stay.hidden:
                stay.at_exit = endings.at_line(stay.path, shape) and self.floor.is_first(stay, shape)
            stay.hidden = True
            key, gone = stay.path.key, rules.border_end(stay, place, shape, at_s)
            if gone is not None and not self._set_aside(stay, gone):
                self._finish(stay, gone)
            elif gone is None and self._held(stay, at_s):
                continue
            elif gone is None:
                self._give_up(stay, at_s)
            del self._paths[key]

    def _held(self, stay: Presence, at_s: float) -> bool:
        """Is somebody hidden still taken to be there? Seconds without pictures don't count."""
        unseen_s, hold_s = at_s - max(stay.path.seen_s, self._resumed_s), self._places[stay.place].settings.hold_s
        if stay.follower is None and unseen_s >= LEAST_GAP_S:
            stay.follower = self.floor.next_behind(stay, self.shape(stay))
        odds = endings.odds_behind(stay, self.shape(stay), at_s)
        return unseen_s < hold_s - 1e-9 or unseen_s < self.floor.gaps(stay).hold_s(hold_s, odds) - 1e-9

    def _give_up(self, stay: Presence, at_s: float) -> None:
        """Decides how a stay ended whose person was hidden for too long; who comes back after all is known again."""
        place, shape = self._places[stay.place], self.shape(stay)
        others = [p for k, p in self._paths.items() if k not in self.floor.present]
        sights = overlap.other_sights(stay, self.floor.present.values())
        first = not sights and (stay.at_exit or self.floor.is_first(stay, shape))  # the next may have moved up by now
        end = endings.vanished(stay, place, shape, zones=self._zones, others=others, first=first)
        if end.outcome == "left" and (stay.borrowed or self._behind[stay.place] is not None):
            end = End("lost", stay.path.seen_s)  # a walk that isn't seen is no proof where another camera looks on
        if not sights:
            origins.give_way(self.floor, stay, end, at_s)
            self._lost.add(Given(stay, end, stay.path.seen_s + HOLD_MOST * place.settings.hold_s))
        self._finish(stay, end)

    def _finish(self, stay: Presence, end: End) -> None:
        del self.floor.present[stay.path.key]
        sights = overlap.other_sights(stay, self.floor.present.values())
        if sights and (end.outcome != "served" or stay.borrowed):
            return  # another camera still sees the person
        for other in sights:
            other.path.barred = other.place
            del self.floor.present[other.path.key]
        stayed = endings.finish(stay, self._places[stay.place], end, self.floor.books[stay.queue])
        if stay.number is None or stayed:
            self.floor.learned(stay.queue, stay.lane).newcomers.ended(stay.stages, stayed=stayed)

    def _count(self, at_s: float) -> None:
        mine = [p for k, p in self.floor.present.items() if k[0] == self.camera_id]
        if self._to_floor is not None:
            others = [p for k, p in self.floor.present.items() if k[0] != self.camera_id]
            overlap.link(mine, others, self.floor.grounds, now_s=at_s, books=self.floor.books)
        for stay in mine:
            endings.note_stage(stay, self._places[stay.place], at_s)
        ripe = [p for p in mine if endings.is_ripe(p, self._places[p.place], at_s)]
        origins.adopt(self.floor, ripe, self._shapes, at_s)
        endings.count(ripe, self._shapes, self.floor.books)
        for stay in (p for p in ripe if not p.at_start):
            self.floor.learned(stay.queue, stay.lane).newcomers.ended(stay.stages, stayed=True)
        for stay in mine:
            endings.mark_service(stay, self.floor.books[stay.queue])

    def _forget(self, listed: set[Key], at_s: float) -> None:
        for key, path in list(self._paths.items()):
            old = at_s - path.seen_s > FORGET_S
            if key not in self.floor.present and old and (key not in listed or not is_staff(path)):
                del self._paths[key]

    def _lose_all(self) -> None:
        """Ends every stay: those already outside as they went, the rest as lost."""
        for stay in [p for k, p in self.floor.present.items() if k[0] == self.camera_id]:
            place, end = self._places[stay.place], End("lost", stay.path.seen_s)
            if stay.out_since_s is not None or stay.crossed_s is not None or stay.served_s is not None:
                end = rules.outside_end(stay, place)
            self._finish(stay, end)
        self._paths.clear()
        self._lost.clear()
