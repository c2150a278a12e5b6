"""Certificates: a row a queue with what was measured, and a word a camera."""

from collections.abc import Sequence

from dashboard import periods, words
from dashboard.page import Page, Proof
from dashboard.views.markup import Markup, join, tag
from edge.certificate import Certificate, Score

AGAIN = "Replay a recording with counts by eye once more, with --certify (engineer.md)."
HEADS = ("Queue", "Certificate", "Length off by", "Within one person", "Wait off by", "Counts by eye", "Measured")


def proofs_html(page: Page) -> Markup | None:
    """The table of certificates; a file that can't be read is told in its place."""
    if page.proofs_fault:
        told = tag("p", f"The certificates can't be read: {page.proofs_fault}", cls="lw-lost")
        return tag("section", tag("h2", "Certificates"), told, cls="lw-section")
    if not page.proofs:
        return None
    known, bare = (
        [p for p in page.proofs if p.certificate is not None],
        [p for p in page.proofs if p.certificate is None],
    )
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in HEADS)))
    body = tag("tbody", *(_row(proof, proof.certificate, page.timezone) for proof in known if proof.certificate))
    missing = (
        f"No certificate: {words.names_words([p.name for p in bare], 'and')}. {proof_told(bare[0]).do}" if bare else ""
    )
    return tag(
        "section",
        tag("h2", "Certificates"),
        tag("table", head, body, cls="lw-table") if known else None,
        tag("p", missing, cls="lw-said") if missing else None,
        cls="lw-section",
    )


def proof_told(proof: Proof) -> words.Told:
    """What a queue's certificate is worth now, and what to do."""
    known = proof.certificate
    if known is None:
        return words.Told("None", "Replay a recording with counts by eye, with --certify (engineer.md).", "off")
    if proof.void is not None:
        return words.Told("Void", f"{proof.void[:1].upper()}{proof.void[1:]}. {AGAIN}", "warn")
    if known.passed is False:
        return words.Told("Not good enough", "It missed the site's acceptance rule.", "bad")
    if proof.note:
        return words.Told("Holds, but", f"{proof.note[:1].upper()}{proof.note[1:]}. {AGAIN}", "warn")
    return words.Told("Accepted" if known.passed else "Holds", "", "good")


def of_camera(proofs: Sequence[Proof], camera: str) -> Markup | None:
    """A word for each queue that the camera sees; None: it sees none."""
    own = [(proof, proof_told(proof)) for proof in proofs if camera in proof.cameras]
    parts = [
        tag("span", tag("bdi", proof.name), f": {told.what.lower()}", cls=f"lw-proof lw-{told.level}")
        for proof, told in own
    ]
    return join(*parts) if parts else None


def _row(proof: Proof, known: Certificate, timezone: str) -> Markup:
    told = proof_told(proof)
    state = join(
        tag("span", tag("i", cls="lw-dot", aria_hidden="true"), told.what, cls="lw-state"),
        tag("span", told.do, cls="lw-do") if told.do else None,
    )
    cells = _figures(known, timezone)
    return tag(
        "tr",
        tag("th", tag("bdi", proof.name), scope="row"),
        tag("td", state, data_head="State"),
        *(tag("td", text, data_head=head) for head, text in zip(HEADS[2:], cells, strict=True)),
        cls=f"lw-{told.level}",
        data_proof=proof.queue,
    )


def _figures(known: Certificate, timezone: str) -> list[str]:
    scores = {score.name: score for score in known.scores}
    length, within, wait = scores.get("length_mae"), scores.get("within_1"), scores.get("wait_mae_s")
    return [
        _people(length),
        words.NOT_KNOWN if within is None else f"{100 * within.value:.0f} %",
        words.NOT_KNOWN if wait is None else f"{wait.value:.0f} s ({wait.n} waits)",
        words.NOT_KNOWN if length is None else str(length.n),
        known.made_utc.astimezone(periods.zone(timezone)).strftime("%d.%m.%Y %H:%M"),
    ]


def _people(score: Score | None) -> str:
    if score is None:
        return words.NOT_KNOWN
    interval = "" if score.low is None or score.high is None else f" ({score.low:.2f} to {score.high:.2f})"
    return f"{score.value:.2f} people{interval}"
