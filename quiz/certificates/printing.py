"""The certificate as pdf: sentence, fields, a QR code to check it here and one to check it without this server."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import segno

from quiz.certificates.domain import LABELS, Content
from quiz.certificates.queries import CertificateView
from quiz.typesetting import typeset
from quiz.vocabulary import CertificateState

TEMPLATE = Path(__file__).parent / "templates" / "certificate.typ"
TITLE = "结业证明"
IN_SENTENCE = frozenset({"number", "holder", "issuer", "issued_on"})
"""Fields that the sentence, the head or the foot already say."""
ROOMY, LINE_LENGTH = 17, 34
"""So many lines of fields fit in ordinary letters; more of them are set smaller, so that it stays one page."""
MARKS = {CertificateState.REVOKED: "已撤销", CertificateState.REPLACED: "已替代", CertificateState.EXPIRED: "已过期"}
FOOTER = (
    "本证明记载在本平台完成的培训和考试，不代替安全生产知识和管理能力考核合格证、特种作业操作证等法定证件。"
    "核验：扫“扫码核验”二维码，或打开 {address} 输入编号；没有网络时，用公钥核对“离线核验码”或本文件所附签名文件。"
)


def certificate_pdf(view: CertificateView, *, base_url: str) -> bytes:
    """One page; `base_url` is where the site is reached, without a slash at its end. What no longer holds is marked across the page."""
    return typeset(TEMPLATE, _data(view, base_url=base_url.rstrip("/")))


def check_address(base_url: str, number: str) -> str:
    """The public page of a certificate."""
    return f"{base_url.rstrip('/')}/verify/{quote(number)}"


def _data(view: CertificateView, *, base_url: str) -> dict[str, Any]:
    content = view.content
    fields = [
        {"label": label, "value": getattr(content, name)}
        for name, label in LABELS.items()
        if name not in IN_SENTENCE and getattr(content, name)
    ]
    lines = sum(1 + field["value"].count("\n") + len(field["value"]) // LINE_LENGTH for field in fields)
    return {
        "title": TITLE,
        "number": content.number,
        "mark": MARKS.get(view.state, ""),
        "sentence": _sentence(content),
        "fields": fields,
        "field_size": 10.5 if lines <= ROOMY else 8.5,
        "field_gap": 3.4 if lines <= ROOMY else 2.2,
        "issuer": content.issuer,
        "issued": _chinese_day(content.issued_on),
        "check_qr": _qr(check_address(base_url, content.number), error="m"),
        "offline_qr": _qr(view.offline_code, error="l"),
        "footer": FOOTER.format(address=f"{base_url}/verify"),
        "file": view.signed_file.decode(),
    }


def _sentence(content: Content) -> list[dict[str, Any]]:
    """`兹证明 某某（某单位主要负责人）于某日完成“某专项”规定的全部培训，准予结业。` with the names in bold."""
    parts = (
        ("兹证明 ", False), (content.holder, True), (f"（{content.organisation}{content.role}）于 ", False),
        (_chinese_day(content.completed_on), False), (" 完成“", False), (content.programme, True),
        ("”规定的全部培训内容，准予结业。", False),
    )  # fmt: skip
    return [{"text": text, "strong": strong} for text, strong in parts]


def _chinese_day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


def _qr(text: str, *, error: str) -> str:
    stream = io.BytesIO()
    segno.make(text, error=error, micro=False).save(stream, kind="svg", border=2, xmldecl=False, svgclass=None, lineclass=None)
    return stream.getvalue().decode()
