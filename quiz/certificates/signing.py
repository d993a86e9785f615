"""Signatures of certificates (Ed25519): the private key is a file of the server, the public keys are for everybody."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import tempfile
import zlib
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from quiz.certificates.domain import Content
from quiz.keyed_digest import FileInWaiting
from quiz.problems import Invalid
from quiz.settings import settings

OFFLINE = "AKC1"
"""Begins the text of the offline code: version, content, signature."""
LONGEST_CONTENT = 20_000
KEY_ID_LENGTH = 16


@dataclass(frozen=True)
class Signer:
    """The installation's key pair."""

    private: Ed25519PrivateKey
    public: str
    """The public key, base64url without padding."""

    @property
    def key_id(self) -> str:
        """What stands on the certificate for the public key."""
        return key_id(self.public)

    def sign(self, content: Content) -> str:
        """The signature over the content, base64url without padding."""
        return _text(self.private.sign(content.signed_bytes))


def signer() -> Signer:
    """The key of this installation, made at first use."""
    return _signer(settings().certificate_key_file)


@lru_cache(maxsize=8)
def _signer(path: Path) -> Signer:
    if not path.exists():
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"签名密钥文件 {path} 不是 Ed25519 私钥，请从备份恢复。")
    return Signer(key, _text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)))


class SigningKeyInWaiting(FileInWaiting):
    """The private key of a restored installation."""

    def __init__(self, pem: bytes) -> None:
        """Raises ValueError for what is no private key."""
        if not isinstance(load_pem_private_key(pem, password=None), Ed25519PrivateKey):
            raise ValueError("not an Ed25519 private key")
        super().__init__(settings().certificate_key_file, pem)

    def put_in_place(self) -> None:
        """From now on certificates are signed with it."""
        super().put_in_place()
        _signer.cache_clear()


def _make(path: Path) -> None:
    """Written aside and linked into place, so that two processes that start together agree on one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".certificate-key-")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(aside, path)
        except FileExistsError:
            return  # another process was first; its key counts
        except OSError:  # a file system without hard links
            if not path.exists():
                os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def key_id(public: str) -> str:
    """First characters of the SHA-256 of the public key."""
    return hashlib.sha256(_bytes(public)).hexdigest()[:KEY_ID_LENGTH].upper()


def is_genuine(content: Content, *, signature: str, public: str) -> bool:
    """Was exactly this content signed with the private half of this public key?"""
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(public)).verify(_bytes(signature), content.signed_bytes)
    except (InvalidSignature, ValueError):
        return False
    return content.key == key_id(public)


def offline_code(content: Content, *, signature: str) -> str:
    """Content and signature as one line: what the second QR code carries, checkable without this server."""
    return ".".join((OFFLINE, _text(zlib.compress(content.signed_bytes, 9)), signature))


def read_offline_code(text: str) -> tuple[Content, str]:
    """Content and signature out of an offline code, not yet checked.

    Raises:
        Invalid: it is no offline code, or damaged.
    """
    parts = "".join(text.split()).split(".")
    if len(parts) != 3 or parts[0] != OFFLINE:
        raise Invalid("这不是安考证明的离线核验码，请重新扫描证明上的“离线核验码”。", code="not_an_offline_code")
    try:
        inflating = zlib.decompressobj()
        plain = inflating.decompress(_bytes(parts[1]), LONGEST_CONTENT)
        if inflating.unconsumed_tail:
            raise ValueError("longer than any certificate")
        return Content.of(json.loads(plain)), parts[2]
    except (ValueError, TypeError, AttributeError, zlib.error) as problem:
        raise Invalid("离线核验码不完整或已损坏，请重新扫描。", code="offline_code_damaged") from problem


def signed_file(content: Content, *, signature: str, public: str) -> bytes:
    """The certificate as a JSON file that carries all that is needed to check it, but for trust in the key."""
    whole = {"certificate": asdict(content), "signature": signature, "public_key": public}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def read_signed_file(data: bytes) -> tuple[Content, str]:
    """Content and signature out of such a file, not yet checked; the key in it is not trusted.

    Raises:
        Invalid: it is no such file.
    """
    try:
        whole = json.loads(data)
        return Content.of(whole["certificate"]), str(whole["signature"])
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Invalid("这不是安考证明的签名文件（.json），或已损坏。", code="not_a_signed_file") from problem


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise ValueError("not base64url") from problem
