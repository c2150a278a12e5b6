"""What a replay proved, in sentences: verdict, flows, causes, tracks, sealed truth, and what a change did."""

from collections.abc import Mapping, Sequence
from typing import Any

from calibration.acceptance import sentence
from calibration.svg import clock

CAUSES = {
    "missed": "missed",
    "ghost": "counted though nobody was there",
    "wrong_lane": "counted in another queue",
    "switch": "counted in pieces (the track broke)",
    "timing": "found, but from or until another time",
}
TRACK_CAUSES = {
    "right": "counted right",
    "missed": "without a box",
    "wrong_lane": "counted in another queue",
    "not_counted": "seen and not counted",
    "ghost": "counted, and in no queue",
    "switch": "changes of track",
}
NAMES = {
    "joined": "joined",
    "served": "served",
    "left": "walked away",
    "lost": "lost inside",
    "length_mae": "length: mean error",
    "length_bias": "length: bias",
    "within_1": "length: share within 1",
    "length_unknown": "moments without a known length",
    "visits_found": "visits found",
    "visits_extra": "visits too many",
    "joined_geh": "GEH of joined",
    "served_geh": "GEH of served",
    "wait_mae_s": "told wait: mean error, s",
    "wait_bias_s": "told wait: bias, s",
    "wait_too_short": "told wait: share too short",
    "wait_coverage": "told wait: share covered",
    "hota": "HOTA of the tracks",
    "idf1": "IDF1 of the tracks",
    "switches_per_served": "identity switches for each person served",
}
UNJUDGED = "Not judged: the site file has an [acceptance] rule, and no truth was given to judge by."


def verdict(summary: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One sentence about the acceptance rule; "" where the site has none; names: of queues, by id."""
    block = summary.get("acceptance")
    if not block:
        return ""
    rows = block["bounds"]
    failed = [row for row in rows if not row["passed"]]
    if not rows:
        return UNJUDGED
    all_of = f"{len(rows)} bound{'' if len(rows) == 1 else 's'}"
    if not failed:
        return f"Passed: the site's acceptance rule holds ({all_of})."
    first = failed[0]
    value = "could not be measured" if first["value"] is None else f"is {first['value']:.3g}"
    way = {"least": "at least ", "most": "at most ", "either": "at most ±"}[first["way"]]
    where = "" if first["queue"] is None else f" at {names.get(first['queue'], first['queue'])}"
    count = (
        f"{len(failed)} of the {all_of} of the site's acceptance rule {'does' if len(failed) == 1 else 'do'} not hold"
    )
    return f"Failed: {count}. The first: {NAMES[first['name']]}{where} {value}, {way}{first['limit']:g} is allowed."


def bounds(summary: Mapping[str, Any]) -> list[str]:
    """Every bound in words."""
    return [sentence(row) for row in summary.get("acceptance", {}).get("bounds", [])]


def flow(block: Mapping[str, Any] | None) -> str:
    """People joined and served against the truth, interval by interval."""
    if not block or not block["joined"]["n"]:
        return ""
    n = block["joined"]["n"]
    told = "; ".join(
        f"{kind} {sum(r[kind] for r in block['intervals'])} of {sum(r[f'{kind}_true'] for r in block['intervals'])}, "
        f"GEH below 5 in {block[kind]['good']:.0%}, at worst {block[kind]['worst']:.1f}"
        for kind in ("joined", "served")
    )
    return f"In {n} interval{'' if n == 1 else 's'}: {told}."


def wait_sure(truth: Mapping[str, Any]) -> str:
    """How sure the wait's figures are."""
    found = {k: v for k, v in truth.get("wait_intervals", {}).items() if v}
    if not found:
        return ""
    mae, short, covered = (found[k] for k in ("wait_mae_s", "wait_too_short", "wait_coverage"))
    return (
        f"95 % intervals: mean error {mae[0]:.0f} to {mae[1]:.0f} s, too short {short[0]:.0%} to {short[1]:.0%}, "
        f"covered {covered[0]:.0%} to {covered[1]:.0%}."
    )


def causes(block: Mapping[str, Mapping[str, Any]] | None) -> str:
    """Why the count was wrong."""
    if not block:
        return ""
    told = [f"{row['n']} {CAUSES[kind]}" for kind, row in block.items() if row["n"] and kind != "timing"]
    return f"Causes: {', '.join(told)}." if told else "Causes: nobody missed, in pieces, in another queue or made up."


def tracks(summary: Mapping[str, Any]) -> list[str]:
    """Tracks against MOT truth, camera by camera."""
    lines = []
    for camera_id, row in summary.get("tracks", {}).items():
        lines += [_track(camera_id, row), *(track_causes(q, found) for q, found in row["queues"].items())]
    return lines


def _track(camera_id: str, row: Mapping[str, Any]) -> str:
    if not row["pictures"]:
        return f"Tracks of {camera_id}: no annotated picture falls on one that was looked at."
    per = row["switches_per_served"]
    each = "nobody was served" if per is None else f"{per:.2f} for each of {row['served']} served"
    switches = f"{row['switches']} identity switch{'' if row['switches'] == 1 else 'es'}"
    return (
        f"Tracks of {camera_id}: HOTA {row['hota']:.3f} (detection {row['det_a']:.3f}, identity {row['ass_a']:.3f}), "
        f"IDF1 {row['idf1']:.3f}, {switches} ({each}), in {row['pictures']} pictures of {row['people']} people."
    )


def track_causes(queue_id: str, row: Mapping[str, Any]) -> str:
    """Where the people of a queue were, picture by picture."""
    n = max(row["pictures"], 1)
    told = ", ".join(f"{row[k] / n:.1%} {TRACK_CAUSES[k]}" for k in ("right", "missed", "wrong_lane", "not_counted"))
    return (
        f"  {queue_id}: of {row['pictures']} times that one of its {row['people']} people was in a picture, {told}; "
        f"{row['ghost']} times somebody was counted who was in no queue, {row['switch']} times a track changed."
    )


def sealed(block: Mapping[str, Any] | None) -> str:
    """The score of the sealed part, and nothing else of it."""
    if not block:
        return ""
    score = block["length"]
    unknown = score["unknown"] + score["outside"]
    if not score["n"]:
        return f"Sealed truth: the length was known at none of its {unknown} moments."
    apart = f" At {unknown} more there was no length." if unknown else ""
    return (
        f"Sealed truth: at {score['n']} moments {score['mae']:.2f} people off on average (bias {score['bias']:+.2f}), "
        f"within one at {score['within_1']:.0%}.{apart}"
    )


def changed(block: Mapping[str, Any]) -> str:
    """What was set otherwise in the earlier replay."""
    parts = [word for key, word in (("config", "the site file"), ("model", "the detector")) if block["changed"][key]]
    unknown = block["changed"]["model"] is None  # recorded detections do not say whose they are
    same = "nothing in the site file" if unknown else "neither the site file nor the detector"
    other = " and ".join(parts) or same
    seen = " Recorded detections were replayed: whether they are the same detector's is not known." if unknown else ""
    new = f" New queues: {', '.join(block['only_new'])}." if block["only_new"] else ""
    gone = f" Queues that are gone: {', '.join(block['only_old'])}." if block["only_old"] else ""
    return f"Against {block['with']}: {other} changed.{seen}{new}{gone}"


def row_cells(row: Mapping[str, Any]) -> tuple[str, str, str, str, str]:
    """(what, old, new, difference with its interval, better or worse) of a row of the comparison."""
    exact = row["n"] is None
    old, new = (f"{row[k]}" if exact else f"{row[k]:.3f}" for k in ("old", "new"))
    diff = f"{row['difference']:+d}" if exact else f"{row['difference']:+.3f}"
    interval = "" if row["low"] is None else f" ({row['low']:+.3f} to {row['high']:+.3f})"
    says = {True: "better", False: "worse", None: ""}[row["better"]]
    return NAMES.get(row["name"], row["name"]), old, new, diff + interval, says


def comparison(summary: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """The comparison as lines of a terminal; names: of queues, by id."""
    block = summary.get("compare")
    if not block:
        return []
    lines = ["", changed(block)]
    for queue_id, found in block["queues"].items():
        lines += ["", f"  {names.get(queue_id, queue_id)}: the length differs for {found['seconds_apart']} s"]
        lines += [f"    {text}" for text in columns([("", "old", "new", "difference (95 % interval)", ""),
                                                     *map(row_cells, found["rows"])])]  # fmt: skip
        if found["n_better"] or found["n_worse"] or found["n_same"]:
            lines.append(f"    moments: {found['n_better']} better, {found['n_worse']} worse, {found['n_same']} alike")
        lines += [_moment("better", m) for m in found["better"][:5]] + [_moment("worse", m) for m in found["worse"][:5]]
    return lines


def _moment(word: str, row: Mapping[str, Any]) -> str:
    was, now = ("unknown" if row[k] is None else row[k] for k in ("old", "new"))
    return f"      {word} at {clock(row['pts_s'])}: {row['truth']} there, {was} before, {now} now"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text under each other, the first column to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  ".join(
            c.ljust(w) if k == 0 else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
