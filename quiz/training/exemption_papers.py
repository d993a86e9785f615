"""The papers an exemption rests on: what may be uploaded, kept once by its digest, handed out only within reach."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from quiz.models.attachments import Attachment
from quiz.models.organisations import Organisation
from quiz.models.training import ExemptionRequest
from quiz.organisations.reach import Reaches
from quiz.problems import Invalid, NotFound

LARGEST = 10 * 1024 * 1024
_BEGINNINGS = ((b"%PDF-", "application/pdf", "pdf"), (b"\xff\xd8\xff", "image/jpeg", "jpg"), (b"\x89PNG\r\n\x1a\n", "image/png", "png"))


@dataclass(frozen=True)
class Upload:
    """A file as somebody chose it."""

    file_name: str
    content: bytes


@dataclass(frozen=True)
class Paper:
    """A kept file."""

    file_name: str
    media_type: str
    content: bytes


def keep(session: Session, *, upload: Upload, uploaded_by: int, now: datetime) -> int:
    """Keep the file; its kind is told by its first bytes, not by its name. The same bytes are kept once."""
    media_type, extension = _kind(upload.content)
    if len(upload.content) > LARGEST:
        raise Invalid(f"附件最大 {LARGEST // 1024 // 1024} MB，请压缩扫描件后再上传。", code="paper_too_large")
    digest = hashlib.sha256(upload.content).hexdigest()
    known = session.execute(
        select(col(Attachment.id)).where(col(Attachment.digest) == digest, col(Attachment.uploaded_by) == uploaded_by)
    ).scalar()
    if known is not None:
        return known
    row = Attachment(
        file_name=tidy_name(upload.file_name, extension), media_type=media_type, digest=digest, content=upload.content,
        uploaded_by=uploaded_by, uploaded_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def _kind(content: bytes) -> tuple[str, str]:
    if not content:
        raise Invalid("附件是空文件，请重新选择。", code="paper_empty")
    for beginning, media_type, extension in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type, extension
    raise Invalid("附件只能是 PDF、JPG 或 PNG 文件，请把文件扫描或另存为这几种格式后再上传。", code="paper_kind")


def tidy_name(name: str, extension: str) -> str:
    """Without folders, control characters or a false ending; never empty, never too long."""
    stem = re.sub(r"[\x00-\x1f\x7f<>:\"/\\|?*\u202a-\u202e\u2066-\u2069]", "", re.split(r"[/\\]", name)[-1]).strip(". ")
    stem = re.sub(r"\.(pdf|jpe?g|png)$", "", stem, flags=re.IGNORECASE) or "附件"
    return f"{stem[:120]}.{extension}"


def paper_of(session: Session, *, request_id: int, reach: Reaches) -> Paper:
    """The file of a request within reach; beyond it there is none."""
    row = session.execute(
        select(col(Attachment.file_name), col(Attachment.media_type), col(Attachment.content))
        .join(ExemptionRequest, col(ExemptionRequest.attachment_id) == col(Attachment.id))
        .join(Organisation, col(Organisation.id) == col(ExemptionRequest.organisation_id))
        .where(col(ExemptionRequest.id) == request_id, *reach.conditions())
    ).one_or_none()
    if row is None:
        raise NotFound("没有找到这份附件，或不在您的管理范围内。", code="paper_unknown")
    return Paper(*row)
