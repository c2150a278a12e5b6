"""Who is told of alerts: is there anybody? Nothing is posted or mailed; what waits for a receiver is kept anyway."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from edge.settings import LOOPBACK
from edge.settings_receivers import EmailSettings, WebhookSettings
from linewise.check_network import CONNECT_S, words_of
from linewise.check_report import CheckLine

LATER = "alerts wait for it for three days"


def hook_lines(hook: WebhookSettings) -> Iterator[CheckLine]:
    """Does something listen at the address, with a certificate that can be trusted?"""
    about, parts = f"webhook {hook.id}", urlsplit(hook.url)
    host, encrypted = parts.hostname or "", parts.scheme == "https"
    if not encrypted and host not in LOOPBACK:
        yield CheckLine("warning", about, "alerts go over the network unencrypted", "use https:// in url")
    try:
        with socket.create_connection((host, parts.port or (443 if encrypted else 80)), CONNECT_S) as link:
            if encrypted:
                with ssl.create_default_context(cafile=hook.ca_file).wrap_socket(link, server_hostname=host):
                    pass
    except OSError as fault:
        yield CheckLine("warning", about, f"{hook.where} {words_of(fault)}; {LATER}", "look at url in [[webhook]]")
        return
    yield CheckLine("ok", about, f"{hook.where} answers{' (TLS)' if encrypted else ''}")


def email_lines(email: EmailSettings) -> Iterator[CheckLine]:
    """Does the mail server let this machine in, encrypted?"""
    from dashboard.alerts_out.mail import MailError, connect

    try:
        smtp = connect(email)
        smtp.quit()
    except MailError as fault:
        words = str(fault)
    except smtplib.SMTPAuthenticationError as fault:
        words = f"does not take username and password ({fault.smtp_code})"
    except smtplib.SMTPException as fault:
        words = f"does not speak as a mail server does ({str(fault)[:100]})"
    except OSError as fault:
        words = words_of(fault)
    else:
        yield CheckLine("ok", "email", f"{email.where} lets this machine in; mail goes to {len(email.to)} addresses")
        return
    yield CheckLine("warning", "email", f"{email.where} {words}; {LATER}", "look at [email]")
