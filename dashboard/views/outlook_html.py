"""The forecast in words: what is expected of the next hour, and how far off such forecasts are."""

from collections.abc import Mapping

from dashboard.forecast import Forecast
from dashboard.outlook import Figure, Outlook
from dashboard.periods import Period
from dashboard.views.markup import Markup, tag


def outlook_html(outlooks: Mapping[Figure, Outlook], of: Period) -> Markup:
    """The next 60 minutes of the day that runs; of any day how far off its forecasts were."""
    came = outlooks["joined"]
    told = [_day_words(came)]
    if came.ahead is not None:
        told = [_ahead_words(came.ahead, outlooks.get("length"), of), *told]
    title = "Forecast of the next 60 minutes" if came.ahead is not None else "Forecast beside what came"
    return tag(
        "div",
        tag("strong", title),
        tag("p", " ".join(filter(None, told)), cls="lw-detail"),
        cls="lw-advice lw-ahead",
    )


def people_ahead(ahead: Forecast) -> float | None:
    """How many are expected in the next 60 minutes; None where a part of them is not known."""
    known = [value for value in ahead.expected if value is not None]
    return sum(known) if known and len(known) == len(ahead.expected) else None


def _ahead_words(ahead: Forecast, length: Outlook | None, of: Period) -> str:
    weekday, people = f"{of.first:%A}", people_ahead(ahead)
    if people is None:
        return f"None: it takes the minutes of an earlier {weekday} at this time of day."
    told = f"About {people:.0f} people are expected"
    lengths = [v for v in length.ahead.expected if v is not None] if length and length.ahead else []
    if lengths:
        low, high = round(min(lengths)), round(max(lengths))
        told += f", and a line of {low if low == high else f'{low} to {high}'}"
    if ahead.mae is None:
        return f"{told}. How far off that may be is known after three {weekday}s."
    hour = "" if ahead.sum_mae is None else f"{ahead.sum_mae:.0f} people an hour, and by "
    return f"{told}. At this time of day such forecasts have been off by {hour}{_error(ahead.mae, ahead.bias)}."


def _day_words(came: Outlook) -> str:
    if came.off is None:
        return ""
    return (
        f"Made when each hour began, this day's forecasts were off by {came.off:.1f} people a quarter of an hour "
        f"({came.compared} compared)."
    )


def _error(mae: float, bias: float | None) -> str:
    told = f"{mae:.1f} people a quarter of an hour"
    if bias is None or abs(bias) < 0.1:
        return told
    return f"{told}, {abs(bias):.1f} too {'many' if bias > 0 else 'few'} on the whole"
