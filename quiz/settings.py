"""What an administrator may set, by environment variable or `.env`; everything has a working default."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from `ANKAO_*`; see docs/operations.md for each."""

    model_config = SettingsConfigDict(env_prefix="ANKAO_", env_file=".env", extra="ignore")

    database_url: str = "sqlite:///data/ankao.db"
    """SQLAlchemy URL; `postgresql+psycopg://…` for larger sites."""
    secret_file: Path = Path("data/secret.key")
    """Holds the key for keyed digests of identity numbers and activation codes; made at first start."""
    public_url: str = ""
    """Where the site is reached from outside, such as `https://ankao.example.cn`: printed in the QR codes of certificates and notices."""
    secure_cookies: bool = False
    """Set when the site is served by HTTPS only: the cookie is then never sent in clear."""
    trusted_proxies: str = ""
    """Comma-separated addresses of reverse proxies whose X-Forwarded-For is believed."""
    office_telephone: str = ""
    """Shown on the sign-in page to those who cannot get in."""
    organiser: str = "威海市安全生产委员会办公室"
    smtp_url: str = ""
    """`smtp://user:password@host:25`, `smtp+starttls://…:587` or `smtps://…:465`; empty: no mail is sent."""
    smtp_from: str = "ankao@localhost"
    sms_url: str = ""
    """Where the SMS gateway takes JSON by POST; empty: no SMS is sent."""
    sms_headers: str = "{}"
    """Headers for the gateway as JSON, such as its key."""
    sms_body: str = '{"phone": "{phone}", "text": "{text}", "key": "{key}"}'
    """What the gateway wants to be posted; values that are `{phone}`, `{text}` or `{key}` are filled."""
    wecom_hosts: str = "qyapi.weixin.qq.com"
    """Hosts whose WeCom webhooks may be called, comma-separated."""
    messages_per_minute: int = 60
    """At most so many messages a minute on each road."""
    log_level: str = "WARNING"

    @property
    def certificate_key_file(self) -> Path:
        """The private key that signs certificates, beside the other key; made at first use, part of every backup."""
        return self.secret_file.with_name("certificate.key")


@lru_cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
