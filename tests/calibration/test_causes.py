"""Why a queue was counted wrong: each cause on stays made for it."""

from calibration import causes
from calibration.scoring import LengthError, match_visits
from calibration.truth import TruthCount
from edge.vocabulary import Visit

END_S = 200.0


def stay(from_s: float, to_s: float, queue: str = "a") -> Visit:
    """A stay in a queue."""
    return Visit(queue, (), from_s, None, to_s, "left", 0, False)


def found(truth: dict[str, list[Visit]], machine: dict[str, list[Visit]]) -> list[causes.Cause]:
    """The causes but timing, of queues a and b."""
    matches = {q: match_visits(truth.get(q, []), machine.get(q, []), end_s=END_S) for q in ("a", "b")}
    return [c for c in causes.of_visits(matches, end_s=END_S) if c.kind != "timing"]


def test_right_counts_have_no_cause() -> None:
    """The same stays, a second apart, are only a matter of timing: two seconds each."""
    matches = {"a": match_visits([stay(10, 50)], [stay(11, 51)], end_s=END_S)}
    [cause] = causes.of_visits(matches, end_s=END_S)
    assert (cause.kind, cause.person_s) == ("timing", 2.0)


def test_missed_and_ghost() -> None:
    """A stay that only the truth has is missed, one that only the machine has is a ghost, at other times."""
    rows = found({"a": [stay(10, 50)]}, {"a": [stay(100, 130)]})
    assert [(c.kind, c.queue_id, c.counted_in, c.person_s) for c in rows] == [
        ("missed", "a", None, 40.0), ("ghost", "a", "a", 30.0)
    ]  # fmt: skip


def test_wrong_lane_is_told_of_both_queues() -> None:
    """Somebody of a who is counted in b is one too few there and one too many here, and neither missed nor a ghost."""
    rows = found({"a": [stay(10, 50)]}, {"b": [stay(12, 52)]})
    assert [(c.kind, c.queue_id, c.counted_in) for c in rows] == [("wrong_lane", "a", "b")]
    for queue in ("a", "b"):
        score = causes.score(rows, queue)
        assert (score["wrong_lane"]["n"], score["missed"]["n"], score["ghost"]["n"]) == (1, 0, 0)


def test_a_stay_in_pieces_is_a_switch() -> None:
    """A second piece inside one person's stay is a switch; a second box beside the first is a ghost."""
    assert [c.kind for c in found({"a": [stay(10, 110)]}, {"a": [stay(10, 70), stay(71, 110)]})] == ["switch"]
    assert [c.kind for c in found({"a": [stay(10, 110)]}, {"a": [stay(10, 110), stay(40, 90)]})] == ["ghost"]


def test_many_short_pieces_are_one_person_found() -> None:
    """Five pieces of a fifth each match nobody by overlap; the person is not missed but broken four times."""
    pieces = [stay(k, k + 19) for k in range(0, 100, 20)]
    rows = found({"a": [stay(0, 100)]}, {"a": pieces})
    assert [c.kind for c in rows] == ["switch"] * 4


def test_every_kind_has_its_row() -> None:
    """A score has a row for each kind, also where there is nothing."""
    assert set(causes.score([], "a")) == set(causes.KINDS)


def test_counts_alone_tell_who_is_not_counted_yet_from_who_is_missed() -> None:
    """One too few who has just come is "not yet", one too few whom no visit has is lacking; one too many is extra."""

    def moment(at_s: float, there: int, told: int | None) -> LengthError:
        return LengthError(TruthCount("a", at_s, there, True), at_s, told)

    visits = [stay(10, 50), stay(40, 90)]
    errors = [
        moment(42, 3, 1),  # the second has just come, a third is in no visit
        moment(60, 2, 1),  # one is lacking
        moment(95, 0, 2),  # two too many
        moment(20, 1, 1),
        moment(30, 1, None),
    ]
    assert causes.of_counts(errors, visits, end_s=END_S) == causes.CountCauses(not_yet=1, lacking=2, extra=2)
