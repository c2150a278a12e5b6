"""The part of the report for engineers: where the errors are, when, and why."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from calibration import plots, proof_words, track_causes, words
from calibration.causes import CountCauses, of_counts
from calibration.proof_words import CAUSES, TRACK_CAUSES
from calibration.replay import Replayed
from calibration.report_tables import MAX_ROWS, at, cut, figure, signed_s, table
from calibration.scoring import LengthError, Match, stay_error_s, wait_error_s
from calibration.summary import QueueScore
from calibration.svg import clock
from calibration.worst import Worst, why
from edge.vocabulary import QueueSettings, Visit

LENGTH_HEADS = ("Moments", "Mean error", "Bias", "Within 1", "Unknown")


def queue(
    done: Replayed,
    settings: QueueSettings,
    result: QueueScore,
    summary: Mapping[str, Any],
    pictures: Mapping[Worst, Sequence[str]],
) -> str:
    """One queue's section."""
    block = summary["queues"][settings.id]
    truth = block.get("truth", {})
    said = "".join(f"<li>{escape(text)}</li>" for text in words.sentences(done, settings, summary))
    stays = result.visits or result.views
    matches = stays or tuple(Match(None, v) for v in done.visits[settings.id])
    parts = [
        f"<h2>{escape(settings.name)}: evidence</h2><ul>{said}</ul>",
        worst_moments([w for w in pictures if w.queue_id == settings.id], pictures),
        by_time(truth.get("by_time", [])),
        by_length(truth.get("by_length", {})),
        by_cause(truth.get("causes")),
        by_count(_of_counts(done, settings.id, result) if "causes" not in truth else None),
        flow(truth.get("flow")),
        plots.waits(done, settings.id, result),
        plots.conditions(done, settings.id),
        plots.visits(done, matches),
        moments(done, result),
        visits(matches, in_view=bool(result.views and not result.visits)),
    ]
    return f"<section>{''.join(parts)}</section>"


def _of_counts(done: Replayed, queue_id: str, result: QueueScore) -> CountCauses | None:
    """Of the certain moments; None: there are none."""
    certain = [e for e in result.lengths if e.truth.certain]
    return of_counts(certain, done.visits[queue_id], end_s=done.end_s) if certain else None


def worst_moments(rows: Sequence[Worst], pictures: Mapping[Worst, Sequence[str]]) -> str:
    """The moments farthest off, each with its pictures where a video was replayed."""
    if not rows:
        return ""
    figures = []
    for row in rows:
        text = f"{clock(row.pts_s)}: {row.text}" + (f"; {row.why}" if row.why else "")
        images = "".join(f'<img src="{uri}" alt="{escape(text)}">' for uri in pictures[row])
        figures.append(f"<figure>{images}<figcaption>{escape(text)}</figcaption></figure>")
    shown = any(pictures[row] for row in rows)
    note = (
        "Boxes in the queue's colour were counted in it, grey ones were not; thin ones were carried on unseen. These "
        "pictures show people: pass the page on only where they may be seen."
        if shown
        else "There are no pictures: no video was replayed, or they were left out."
    )
    return f'<h3>Worst moments</h3><p class="note">{note}</p><div class="worst">{"".join(figures)}</div>'


def _length_cells(score: Mapping[str, Any]) -> list[Any]:
    return [
        score["n"],
        figure(score["mae"]),
        figure(score["bias"], "+.2f"),
        figure(score["within_1"], ".0%"),
        score["unknown"] + score["outside"],
    ]


def by_time(rows: Sequence[Mapping[str, Any]]) -> str:
    """The error of the length, hour by hour."""
    if not rows:
        return ""
    cells = [[f"{clock(r['from_s'])} to {clock(r['to_s'])}", *_length_cells(r)] for r in rows]
    return "<h3>Error by time</h3>" + table(["Time", *LENGTH_HEADS], cells)


def by_length(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """The error of the length by how many there were."""
    if not rows:
        return ""
    cells = [[f"{name} there", *_length_cells(r)] for name, r in rows.items()]
    return "<h3>Error by length</h3>" + table(["In truth", *LENGTH_HEADS], cells)


def by_cause(rows: Mapping[str, Mapping[str, Any]] | None) -> str:
    """Why the count was wrong, by visits."""
    if rows is None:
        return ""
    cells = [[CAUSES[kind], row["n"], figure(row["person_s"], ".1f")] for kind, row in rows.items()]
    return "<h3>Error by cause</h3>" + table(["People", "Stays", "Person-seconds off"], cells)


def by_count(found: CountCauses | None) -> str:
    """What counts alone tell of why; who was missed or made up they do not know."""
    if found is None:
        return ""
    cells = [
        ["too few: there, but not yet long enough (min_stay_s)", found.not_yet],
        ["too few: missed, or counted in another queue", found.lacking],
        ["too many: made up, gone already, or of another queue", found.extra],
    ]
    return (
        "<h3>Error by cause, as far as counts tell</h3>"
        + table(["People", "Off, over all moments"], cells)
        + '<p class="note">Counts say how many were there, not who. Visits (or tracks) as truth tell missed from made '
        "up, wrong lane and broken track.</p>"
    )


def flow(block: Mapping[str, Any] | None) -> str:
    """People joined and served, interval by interval."""
    if not block or not block["intervals"]:
        return ""
    cells = [
        [f"{clock(r['from_s'])} to {clock(r['to_s'])}", r["joined_true"], r["joined"], figure(r["joined_geh"], ".1f"),
         r["served_true"], r["served"], figure(r["served_geh"], ".1f")]
        for r in block["intervals"][:MAX_ROWS]
    ]  # fmt: skip
    heads = ["Time", "Joined (truth)", "Machine", "GEH", "Served (truth)", "Machine", "GEH"]
    return "<h3>Joined and served</h3>" + table(heads, cells) + cut(len(block["intervals"]))


def moments(done: Replayed, result: QueueScore) -> str:
    """Every moment of the truth, worst first."""
    if not result.lengths:
        return ""
    ordered = sorted(result.lengths, key=lambda e: (-abs(e.error or 0), e.truth.pts_s))
    rows = [_moment(done, e, result) for e in ordered[:MAX_ROWS]]
    found = table(["Moment", "Truth", "Machine", "Error", "The truth is", "Because"], rows, off=3)
    return f"<details><summary>Moments of the truth, worst first</summary>{found}{cut(len(ordered))}</details>"


def _moment(done: Replayed, e: LengthError, result: QueueScore) -> list[Any]:
    reason = why(done, result, e) if e.error else ""
    return [clock(e.truth.pts_s), e.truth.length, e.told, figure(e.error, "+d"),
            "certain" if e.truth.certain else "arguable", reason or None]  # fmt: skip


def visits(matches: Sequence[Match], *, in_view: bool) -> str:
    """Every visit, beside the truth's where there is one."""
    if not matches:
        return ""
    with_truth = any(m.truth for m in matches)
    heads = ["Came", "Served", "Gone", "Outcome", "Ahead", "Waited"]
    heads += ["Truth came", "Truth gone", "Stay error", "Wait error"] if with_truth else []
    rows = []
    for match in matches[:MAX_ROWS]:
        row = _visit_cells(match.machine)
        if with_truth:
            row += [at(match.truth.joined_s), at(match.truth.left_s)] if match.truth else [None, None]
            row += [signed_s(stay_error_s(match)), signed_s(wait_error_s(match))]
        rows.append(row)
    note = "<p class='note'>Times are those in view of the camera, as the truth's are.</p>" if in_view else ""
    found = table(heads, rows, off=8 if with_truth else None)
    return f"<details><summary>Visits, one a row</summary>{note}{found}{cut(len(matches))}</details>"


def _visit_cells(visit: Visit | None) -> list[Any]:
    if visit is None:
        return ["missed", None, None, None, None, None]
    began = ("before " if visit.censored else "") + clock(visit.joined_s)
    waited = None if visit.served_s is None or visit.censored else words.duration(visit.served_s - visit.joined_s)
    outcome = visit.outcome or "still there"
    return [began, at(visit.served_s), at(visit.left_s), outcome, visit.ahead_on_joining, waited]


def tracks(summary: Mapping[str, Any]) -> str:
    """Tracks against MOT truth."""
    if not summary.get("tracks"):
        return ""
    rows = [
        [camera_id, t["pictures"], t["people"], figure(t["hota"], ".3f"), figure(t.get("det_a"), ".3f"),
         figure(t.get("ass_a"), ".3f"), figure(t["idf1"], ".3f"), figure(t.get("mota"), ".3f"), t["switches"],
         figure(t["switches_per_served"])]
        for camera_id, t in summary["tracks"].items()
    ]  # fmt: skip
    heads = ["Camera", "Pictures", "People", "HOTA", "DetA", "AssA", "IDF1", "MOTA", "Switches", "For each served"]
    why_heads = ["Queue", "People", "Times in a picture", *(TRACK_CAUSES[k].capitalize() for k in track_causes.KINDS)]
    why_rows = [
        [queue_id, row["people"], row["pictures"], *(row[k] for k in track_causes.KINDS)]
        for t in summary["tracks"].values()
        for queue_id, row in t["queues"].items()
    ]
    why_table = f"<h3>Error by cause, picture by picture</h3>{table(why_heads, why_rows)}" if why_rows else ""
    return f"<section><h2>Tracks</h2>{table(heads, rows)}{why_table}</section>"


def comparison(done: Replayed, summary: Mapping[str, Any]) -> str:
    """What a change did."""
    block = summary.get("compare")
    if not block:
        return ""
    names = {q.id: q.name for q in done.site.queues}
    parts = [f"<h2>What the change did</h2><p>{escape(proof_words.changed(block))}</p>"]
    for queue_id, found in block["queues"].items():
        heads = ["", "Before", "Now", "Difference (95 % interval)", "That is"]
        parts.append(f"<h3>{escape(names[queue_id])}</h3>")
        parts.append(f"<p class='note'>The length differs for {found['seconds_apart']} s.</p>")
        parts.append(table(heads, [proof_words.row_cells(row) for row in found["rows"]]))
        rows = [[word, clock(m["pts_s"]), m["truth"], m["old"], m["new"]]
                for word in ("worse", "better") for m in found[word]]  # fmt: skip
        if rows:
            count = f"{found['n_better']} better, {found['n_worse']} worse, {found['n_same']} alike"
            heads = ["The moment got", "Moment", "Truth", "Before", "Now"]
            parts.append(f"<details><summary>Moments: {count}</summary>{table(heads, rows)}</details>")
    return f"<section>{''.join(parts)}</section>"
