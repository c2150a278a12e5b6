"""A truth that its counters and engineers can't read back: each row is closed with the owner's public key.

A row is encrypted as in ECIES: a new X25519 key pair a row, its shared secret with the owner's key through HKDF-SHA256
into ChaCha20-Poly1305. The file is JSON lines. Only the owner's private key opens it, and only for a score.
"""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge.errors import InputError

PURPOSE = b"linewise sealed truth 1"
ROW = 128  # bytes that every row is filled up to: its length tells nothing
_NONCE = bytes(12)  # a key is used once


def new_key(path: Path) -> Path:
    """Writes the private key to `path` (mode 600) and the public one to `path`.pub, which is returned.

    Raises:
        InputError: a key is there already, or can't be written.
    """
    key = X25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public_path = path.with_name(path.name + ".pub")
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
        public_path.write_bytes(public)
    except FileExistsError:
        raise InputError(f"{path}: there is a key already; sealed truths could not be opened without it") from None
    except OSError as error:
        raise InputError(f"{path}: can't be written: {error.strerror}") from error
    return public_path


def public_key(path: Path) -> X25519PublicKey:
    """The owner's public key; InputError if the file holds none."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no public key ({error}); `linewise count --new-key FILE` makes a pair") from error
    if not isinstance(key, X25519PublicKey):
        raise InputError(f"{path}: a key of another kind; allowed: the .pub that `linewise count --new-key` made")
    return key


def seal(row: str, owner: X25519PublicKey, **open_part: str | float) -> str:
    """One row as a line of JSON that only the owner can open, beside what anybody may read."""
    once = X25519PrivateKey.generate()
    sender = once.public_key().public_bytes_raw()
    closed = ChaCha20Poly1305(_derived(once.exchange(owner), sender)).encrypt(_NONCE, row.encode().ljust(ROW), PURPOSE)
    return json.dumps({**open_part, "key": base64.b64encode(sender).decode(), "row": base64.b64encode(closed).decode()})


def unseal(path: Path, key_path: Path) -> list[str]:
    """All rows of a sealed file.

    Raises:
        InputError: no such file, not the right key, or a line that was changed.
    """
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{key_path}, {path}: can't be read ({error})") from error
    if not isinstance(key, X25519PrivateKey):
        raise InputError(f"{key_path}: a key of another kind; allowed: the one that `linewise count --new-key` made")
    return [_opened(line, key, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def _opened(line: str, key: X25519PrivateKey, where: str) -> str:
    try:
        parts = json.loads(line)
        sender, closed = base64.b64decode(parts["key"]), base64.b64decode(parts["row"])
        shared = key.exchange(X25519PublicKey.from_public_bytes(sender))
        return ChaCha20Poly1305(_derived(shared, sender)).decrypt(_NONCE, closed, PURPOSE).decode().rstrip()
    except InvalidTag:
        raise InputError(f"{where}: can't be opened: another owner's key, or the line was changed") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{where}: not a sealed row") from error


def _derived(shared: bytes, sender: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=sender, info=PURPOSE).derive(shared)
