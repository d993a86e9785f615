"""QTI 1.2, 2.x and 3.0: one item, a bank of them, or a package; kinds that Ankao cannot hold are refused by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from quiz.exchange import structured, xml_tree
from quiz.exchange.domain import Fate, Format, Place, Reading, ReadRow, Remark, Severity
from quiz.exchange.package import Package
from quiz.exchange.readers import qti2_item, qti12
from quiz.exchange.structured import FindPicture
from quiz.exchange.xml_tree import Element
from quiz.problems import Invalid

_STRUCTURE = {
    "assessmentTest": "试卷结构", "assessmentSection": "试卷的一节", "assessmentStimulus": "共用材料", "outcomeDeclaration": "计分声明",
    "responseProcessing": "计分模板", "assessmentResult": "作答结果", "manifest": "题包清单", "usageData": "使用统计",
    "testPart": "试卷的一部分", "itemBody": "题目正文的片段", "responseDeclaration": "作答声明", "assessmentItemRef": "题目引用",
}  # fmt: skip
_NOTES = {
    "names_dropped": "{} 道题在 QTI 里的标题没有保留，编号由题库给出。",
    "score_dropped": "{} 道题的分值没有保留，分值由试卷规定。",
}


def read(data: bytes, *, name: str = "") -> Reading:
    """Every item with its fate; what else a package holds is skipped, and said so.

    Raises:
        Invalid: neither XML nor a zip that can be opened, or not QTI.
    """
    if data.startswith(b"PK"):
        return _read_package(Package(data))
    root = xml_tree.parse(data)
    format = qti2_item.normalise(root)
    rows, notes = _rows(root, "", (), structured.no_pictures, {})
    if rows is None:
        raise Invalid("这个 XML 里没有 QTI 题目。请确认导出时选择的格式。", code="unknown_xml")
    return Reading(format, tuple(rows), _remarks(notes))


def _remarks(notes: Counter[str]) -> tuple[Remark, ...]:
    return tuple(Remark(Severity.INFO, code, _NOTES[code].format(count)) for code, count in sorted(notes.items()) if code in _NOTES)


def _rows(
    root: Element, path: str, labels: Sequence[str], find_picture: FindPicture, stimuli: dict[str, str]
) -> tuple[list[ReadRow] | None, Counter[str]]:
    """Rows of one XML file; None where it has nothing of QTI."""
    notes: Counter[str] = Counter()
    place = Place(sheet=path, line=xml_tree.line_of(root))
    if root.tag == "assessmentItem":
        rows = [qti2_item.row(root, place, labels, find_picture, stimuli)]
    elif root.tag in ("questestinterop", "item", "assessment", "section", "objectbank"):
        items = [root] if root.tag == "item" else list(root.iter("item"))
        rows = [qti12.row(item, Place(sheet=path, line=xml_tree.line_of(item)), find_picture) for item in items]
        if not rows:
            rows = [structured.skipped(place, "not_a_question", "没有题目的 QTI 1.2 文件", path)]
    elif root.tag in _STRUCTURE:
        inside = [item for item in root.iter("assessmentItem")]
        rows = [qti2_item.row(item, Place(sheet=path, line=xml_tree.line_of(item)), (), find_picture, stimuli) for item in inside]
        rows.insert(0, structured.skipped(place, "not_a_question", f"{_STRUCTURE[root.tag]}，不是题目", path or root.tag))
    else:
        return None, notes
    items = [item for item in root.iter("assessmentItem", "item")]
    for row, item in zip([row for row in rows if row.fate is not Fate.SKIPPED], items, strict=False):
        if row.draft is not None and (item.get("title") or "").strip():
            notes["names_dropped"] += 1
    return rows, notes


# Packages -------------------------------------------------------------------------------------------------------------


def _read_package(package: Package) -> Reading:
    rows: list[ReadRow] = []
    notes: Counter[str] = Counter()
    formats: Counter[Format] = Counter()
    manifest = min((name for name in package.names if name.lower().rsplit("/", 1)[-1] == "imsmanifest.xml"), key=len, default="")
    listed, keywords = _manifest(package, manifest)
    stimuli: dict[str, str] = {}
    paths = list(dict.fromkeys([*listed, *sorted(name for name in package.names if name.lower().endswith((".xml", ".qti", ".dat")))]))
    for path in paths:
        if path == manifest:
            continue
        found, format = _read_member(package, path, keywords.get(path, ()), stimuli, notes)
        rows += found
        if any(row.fate is not Fate.SKIPPED for row in found) and format is not None:
            formats[format] += len(found)
    for name in package.archives:
        rows.append(structured.skipped(Place(sheet=name), "nested_archive", "压缩包里的压缩包没有打开，请解压后另外导入", name))
    if not rows or not formats and all(row.fate is Fate.SKIPPED for row in rows):
        raise Invalid("压缩包里没有 QTI 题目。请确认导出时选择的格式，其他压缩包请先解压。", code="unknown_package")
    remarks = _remarks(notes)
    if not manifest:
        remarks += (Remark(Severity.INFO, "no_manifest", "题包没有清单（imsmanifest.xml），按文件逐个读取。"),)
    return Reading(formats.most_common(1)[0][0] if formats else Format.QTI21, tuple(rows), remarks)


def _read_member(
    package: Package, path: str, labels: Sequence[str], stimuli: dict[str, str], notes: Counter[str]
) -> tuple[list[ReadRow], Format | None]:
    place = Place(sheet=path)
    data = package.read(path)
    if data is None:
        return [structured.refused(place, "damaged", "文件已损坏或过大，无法解压", "请重新导出题包", path)], None
    try:
        root = xml_tree.parse(data)
    except Invalid as problem:
        if not re.search(rb"assessment-?item|questestinterop", data[:5000], re.IGNORECASE):
            return [structured.skipped(place, "not_a_question", "读不了的 XML，看不出有题目", path)], None
        return [structured.refused(place, problem.code, problem.message, excerpt=path)], None
    format = qti2_item.normalise(root)
    _read_stimuli(package, root, path, stimuli)
    found, more = _rows(root, path, labels, partial(_picture, package, path), stimuli)
    notes.update(more)
    if found is None:
        return [structured.skipped(place, "not_a_question", f"不是题目的 XML（{str(root.tag)[:40]}）", path)], None
    return found, format


def _picture(package: Package, beside: str, address: str) -> bytes | None:
    path = None if re.match(r"[a-z]+://", address) else package.find(address, beside=beside)
    return package.read(path) if path else None


def _read_stimuli(package: Package, root: Element, path: str, stimuli: dict[str, str]) -> None:
    """Texts of shared material that the item refers to, by the address it uses."""
    for reference in root.iter("assessmentStimulusRef"):
        address = reference.get("href") or ""
        found = package.find(address, beside=path)
        data = package.read(found) if found else None
        if data is not None and found not in stimuli:
            try:
                stimulus = xml_tree.parse(data)
            except Invalid:
                continue  # the item says that its material is missing
            qti2_item.normalise(stimulus)
            plain = qti2_item.stimulus_text(stimulus)
            if plain is not None:
                stimuli[address] = plain


def _manifest(package: Package, path: str) -> tuple[list[str], dict[str, list[str]]]:
    """Files in the order of the manifest, and the keywords of each."""
    data = package.read(path) if path else None
    if data is None:
        return [], {}
    try:
        root = xml_tree.parse(data)
    except Invalid:
        return [], {}
    listed, keywords = [], {}
    for resource in (element for element in root.iter() if xml_tree.local_name(element) == "resource"):
        addresses = [resource.get("href")] + [file.get("href") for file in xml_tree.children(resource, "file")]
        paths = [package.find(address, beside=path) for address in addresses if address]
        found = [name for name in paths if name and name.lower().endswith((".xml", ".qti", ".dat"))]
        listed += found
        words = list(_keywords(resource))
        if found and words:
            keywords[found[0]] = words
    return listed, keywords


def _keywords(resource: Element) -> Iterator[str]:
    for element in resource.iter():
        if xml_tree.local_name(element) == "keyword":
            text = " ".join(xml_tree.text_of(element).split())
            if text:
                yield text
