"""A QTI package: one file an item, their pictures, and the manifest with keywords for what QTI has no place for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from quiz.banks.files import ItemDraft
from quiz.exchange.domain import Picture
from quiz.exchange.markup_text import one_line
from quiz.exchange.readers import qti as reader
from quiz.exchange.side_fields import labels_of
from quiz.exchange.writers.held import Held, judge
from quiz.exchange.writers.picture_names import file_name
from quiz.exchange.writers.qti_item import identifier_of, item_element
from quiz.exchange.xml_tree import Element

_LOM = "http://ltsc.ieee.org/xsd/LOM"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_WRITTEN_AT = (2020, 1, 1, 0, 0, 0)
"""The same items make the same bytes."""


@dataclass(frozen=True)
class Flavour:
    """What sets one version of QTI apart from another."""

    name: str
    namespace: str
    schema: str
    resource_type: str
    manifest_namespace: str
    manifest_schema: tuple[str, str]
    rename: Callable[[Element], None]
    """From the names of 2.1 to its own."""

    def write(self, title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
        """The package. Items that it cannot hold are left out: `left_out` says which and why."""
        return document(self, title, [item for item in items if not self.left_out(item)], pictures)

    def cannot_hold(self, item: ItemDraft) -> list[str]:
        """What is lost of the item, or why it is left out, in Chinese."""
        return held(self, item).reasons

    def left_out(self, item: ItemDraft) -> list[str]:
        """Why the item cannot be written at all; empty when it can."""
        return held(self, item).left_out


def document(flavour: Flavour, title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
    """The package, whatever it may lose."""
    spaces = {None: flavour.manifest_namespace, "lom": _LOM}
    manifest = etree.Element("manifest", {"identifier": "ankao-bank"}, nsmap=spaces)  # type: ignore[arg-type]
    metadata = etree.SubElement(manifest, "metadata")
    etree.SubElement(metadata, "schema").text, etree.SubElement(metadata, "schemaversion").text = flavour.manifest_schema
    if title.strip():
        _described(metadata, "title", [one_line(title)])
    etree.SubElement(manifest, "organizations")
    resources = etree.SubElement(manifest, "resources")
    shown: dict[str, Picture] = {}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for number, item in enumerate(items, 1):
            identifier = identifier_of(item, number)
            _put(package, f"items/{identifier}.xml", _item_file(flavour, item, identifier, pictures))
            names = {file_name(pictures[ref.digest]): pictures[ref.digest] for ref in item.pictures}
            shown |= names
            _list(resources, flavour, identifier, item, list(names))
        for name, picture in shown.items():
            _put(package, f"images/{name}", picture.data)
        _qualify(manifest, flavour.manifest_namespace)
        _put(package, "imsmanifest.xml", etree.tostring(manifest, encoding="UTF-8", xml_declaration=True, pretty_print=True))
    return stream.getvalue()


def held(flavour: Flavour, item: ItemDraft) -> Held:
    """What this version of QTI cannot hold of an item."""

    def write(title: str, items: Sequence[ItemDraft], pictures: Mapping[str, Picture]) -> bytes:
        return document(flavour, title, items, pictures)

    return judge(item, format=flavour.name, kinds={}, write=write, read=reader.read)


def _put(package: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _WRITTEN_AT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    package.writestr(entry, data)


def _item_file(flavour: Flavour, item: ItemDraft, identifier: str, pictures: Mapping[str, Picture]) -> bytes:
    element = item_element(item, identifier, pictures, image_folder="../images/")
    flavour.rename(element)
    _qualify(element, flavour.namespace)
    root = etree.Element(element.tag, nsmap={None: flavour.namespace, "xsi": _XSI})  # type: ignore[dict-item]
    root.set(f"{{{_XSI}}}schemaLocation", f"{flavour.namespace} {flavour.schema}")
    for name, value in element.attrib.items():
        root.set(name, value)
    root.extend(list(element))
    data: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return data


def _qualify(root: Element, namespace: str) -> None:
    for element in root.iter():
        if not str(element.tag).startswith("{"):
            element.tag = f"{{{namespace}}}{element.tag}"


def _list(resources: Element, flavour: Flavour, identifier: str, item: ItemDraft, images: Sequence[str]) -> None:
    address = f"items/{identifier}.xml"
    resource = etree.SubElement(resources, "resource", identifier=f"res-{identifier}", type=flavour.resource_type, href=address)
    labels = labels_of(item, with_topic=True)
    if labels:
        _described(etree.SubElement(resource, "metadata"), "keyword", labels)
    for name in [address, *(f"images/{image}" for image in images)]:
        etree.SubElement(resource, "file", href=name)


def _described(metadata: Element, name: str, texts: Sequence[str]) -> None:
    general = etree.SubElement(etree.SubElement(metadata, f"{{{_LOM}}}lom"), f"{{{_LOM}}}general")
    for text in texts:
        etree.SubElement(etree.SubElement(general, f"{{{_LOM}}}{name}"), f"{{{_LOM}}}string", language="zh-CN").text = text
