"""Files that prove something: kept once by their digest, served only to those who may see what they prove."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from quiz.models.base import moment


class Attachment(SQLModel, table=True):
    """An uploaded paper (scan, pdf, picture), as it came."""

    id: int | None = Field(default=None, primary_key=True)
    file_name: str = Field(max_length=200)
    media_type: str = Field(max_length=100)
    digest: str = Field(max_length=64, index=True)
    content: bytes
    uploaded_by: int | None = Field(default=None, foreign_key="account.id")
    uploaded_at: datetime = moment()
