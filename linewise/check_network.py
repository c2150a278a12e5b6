"""Can a host be reached, and in words why not; for cameras, broker, webhooks and mail."""

import socket
import ssl

CONNECT_S = 2.0


def connect_problem(host: str, port: int) -> str:
    """What keeps a TCP connection from opening within CONNECT_S; "" if it opens."""
    try:
        with socket.create_connection((host, port), timeout=CONNECT_S):
            return ""
    except TimeoutError:
        return f"does not answer within {CONNECT_S:.0f} s"
    except OSError as fault:
        return words_of(fault)


def words_of(fault: OSError) -> str:
    """A connection that failed; goes on after the host's name: "is unknown ..."."""
    match fault:
        case ssl.SSLCertVerificationError():
            return f"has a certificate that is not trusted ({fault.verify_message}): see ca_file"
        case socket.gaierror():
            return "is unknown: there is no such host name"
        case TimeoutError():
            return "does not answer"
        case ConnectionRefusedError():
            return "refuses the connection: nothing listens there"
    return f"cannot be reached ({fault.strerror or fault})"
