"""What a file really is, whatever its name says."""

import re

from callengine.store.files.wrong import UnusableFile

XLSX = b"PK\x03\x04"

_SAVE = "open it in a spreadsheet and save it as .xlsx or .csv"
_MAGIC = (
    (b"%PDF", f"this is a PDF; {_SAVE}"),
    (b"\x1f\x8b", "this is a gzip archive; unpack it first"),
    (b"Rar!", "this is a RAR archive; unpack it first"),
    (b"7z\xbc\xaf", "this is a 7z archive; unpack it first"),
    (b"{\\rtf", f"this is a text document (RTF); {_SAVE}"),
    (b"PK\x05\x06", "this is an empty archive, no spreadsheet"),
    (b"\x89PNG", "this is a picture, no table"),
    (b"\xff\xd8\xff", "this is a picture, no table"),
    (b"SQLite format 3", "this is a database, no table"),
)
_OLE = b"\xd0\xcf\x11\xe0"
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def refuse_other_kinds(raw: bytes) -> None:
    """Refuse what is neither CSV nor XLSX. Raises `UnusableFile`, which names it."""
    if raw.startswith(_OLE):
        if _LOCKED in raw:
            raise UnusableFile(
                "this workbook has a password; save it without one, as .xlsx"
            )
        raise UnusableFile(f"this is an old .xls file; {_SAVE}")
    for magic, said in _MAGIC:
        if raw.startswith(magic):
            raise UnusableFile(said)
    head = (
        raw[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    )
    if b"urn:schemas-microsoft-com:office:spreadsheet" in head:
        raise UnusableFile(
            f"this is a SpreadsheetML 2003 file (XML), whatever its name says; {_SAVE}"
        )
    if re.match(rb"<!doctype html|<html|<head|<body|<table|<meta|<style", head):
        raise UnusableFile(f"this is an HTML page, whatever its name says; {_SAVE}")
    if head.startswith((b"<?xml", b"<")):
        if b"<html" in head or b"<table" in head:
            raise UnusableFile(f"this is an HTML page, whatever its name says; {_SAVE}")
        raise UnusableFile(f"this is an XML file, no table; {_SAVE}")
    if re.match(rb'[\[{]\s*["{\[\]}]', head):
        raise UnusableFile("this is JSON; send it to the HTTP interface instead")
