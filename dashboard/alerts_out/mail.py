"""Mail about alerts: several notices in one plain text, handed in by SMTP over TLS."""

import hashlib
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from dashboard.alerts_out.notice import AlertNotice
from dashboard.periods import zone
from edge.settings import LOOPBACK
from edge.settings_receivers import EmailSettings

TIMEOUT_S = 15.0
MOST_LINES = 50
_WORDS = {"open": "began", "repeated": "still so", "ended": "over"}


class MailError(Exception):
    """The mail was not taken; str() says why, without the password."""


def compose(
    email: EmailSettings, notices: Sequence[AlertNotice], *, site_name: str, timezone: str, now: datetime
) -> EmailMessage:
    """One mail about notices, oldest first; an alert that came and went several times is one line."""
    where = zone(timezone)
    alerts: dict[tuple[str, str], list[AlertNotice]] = {}
    for notice in notices:
        alerts.setdefault((notice.queue, notice.condition), []).append(notice)
    lines = [_line(told, where) for told in alerts.values()]
    more = f"... and {len(lines) - MOST_LINES} more alerts\n" if len(lines) > MOST_LINES else ""
    message = EmailMessage()
    message["From"] = email.sender
    message["To"] = ", ".join(email.to)
    message["Subject"] = _one_line(f"[{site_name}] {_subject(list(alerts.values()))}")
    message["Date"] = format_datetime(now)
    same = hashlib.sha256("\n".join(notice.id for notice in notices).encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{same}.linewise@{email.sender.rsplit('@', 1)[-1]}>"  # of a second try too
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    text = "\n".join(lines[:MOST_LINES])
    message.set_content(f"{text}\n{more}\nTimes are those of {site_name} ({timezone}).\n")
    return message


def _subject(alerts: Sequence[Sequence[AlertNotice]]) -> str:
    if len(alerts) == 1:
        last = alerts[0][-1]
        over = " (over)" if last.kind == "ended" else ""
        return f"{last.queue_name}: {last.text}{over}"
    open_ones = sum(told[-1].kind != "ended" for told in alerts)
    return f"{len(alerts)} alerts, {open_ones} open"


def _line(told: Sequence[AlertNotice], where: ZoneInfo) -> str:
    last = told[-1]
    what = f"{last.queue_name}: {last.text}"
    at = f"{last.at.astimezone(where):%d.%m. %H:%M:%S}"
    begun = sum(notice.kind == "open" for notice in told)
    if begun > 1:
        return f"{at}  {what}: {_WORDS[last.kind]}; began {begun} times since {told[0].at.astimezone(where):%H:%M:%S}"
    since = "" if last.since is None or last.kind == "open" else f" (since {last.since.astimezone(where):%H:%M:%S})"
    return f"{at}  {what}: {_WORDS[last.kind]}{since}"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]


def send(email: EmailSettings, message: EmailMessage) -> list[str]:
    """Hands it in; the addresses that the server refused (others have it).

    Raises:
        MailError: nobody has it.
    """
    try:
        smtp = connect(email)
        try:
            refused = sorted(smtp.send_message(message))
            with suppress(OSError, smtplib.SMTPException):  # it has the mail; how it says goodbye does not matter
                smtp.quit()
        finally:
            smtp.close()
        return refused
    except smtplib.SMTPRecipientsRefused as fault:
        code, said = next(iter(fault.recipients.values()))
        raise MailError(f"refuses every recipient ({code} {_shown(said)})") from fault
    except smtplib.SMTPResponseException as fault:
        raise MailError(f"refuses ({fault.smtp_code} {_shown(fault.smtp_error)})") from fault
    except (OSError, smtplib.SMTPException, ValueError) as fault:
        raise MailError(f"can't be used ({str(fault)[:200]})") from fault


def connect(email: EmailSettings) -> smtplib.SMTP:
    """A connection that is encrypted (on loopback it need not be) and logged in.

    Raises:
        MailError: the server offers no encryption. Also what smtplib raises.
    """
    server = email.server
    context = ssl.create_default_context(cafile=email.ca_file)
    if server.tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        smtp.ehlo()
        if not server.tls:
            _encrypt(smtp, server.host, context)
        if email.username is not None and email.password is not None:
            smtp.login(email.username, email.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _encrypt(smtp: smtplib.SMTP, host: str, context: ssl.SSLContext) -> None:
    if smtp.has_extn("starttls"):
        smtp.starttls(context=context)
        smtp.ehlo()
    elif host not in LOOPBACK:
        raise MailError("offers no encryption (STARTTLS), and mail does not go out without; see smtps://")


def _shown(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _one_line(text)
