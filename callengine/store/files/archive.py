"""
The ZIP of a workbook: how large its parts are is asked before any of them is unpacked.

The directory of the ZIP says the size of each part, and `zipfile` never unpacks more of
it than that, so no part can be a bomb.
"""

import io
import zipfile

from callengine.store.files.wrong import UnusableFile

DAMAGED = "this is no XLSX file, or a damaged one"
MAX_PARTS = 5_000
MAX_UNPACKED = 300_000_000

_PART = 160_000_000
_SMALL = {
    "xl/styles.xml": 16_000_000,
    "xl/sharedStrings.xml": 80_000_000,
    "xl/workbook.xml": 4_000_000,
}


def opened(raw: bytes) -> zipfile.ZipFile:
    """
    Open a workbook's archive.

    Raises:
        UnusableFile: damaged, too large when unpacked, or another kind of file.
    """
    # Counted first: zipfile itself makes an object of every entry.
    if raw.count(b"PK\x01\x02") > MAX_PARTS:
        raise UnusableFile("the workbook has too many parts; save the table anew")
    try:
        packed = zipfile.ZipFile(io.BytesIO(raw))
    except Exception as error:  # whatever a broken directory makes it raise
        raise UnusableFile(DAMAGED) from error
    entries = packed.infolist()
    _check_sizes(entries)
    _refuse_other({entry.filename for entry in entries})
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnusableFile("this workbook has a password; save it without one")
    return packed


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise UnusableFile("the workbook is too large when unpacked; split the file")
    for entry in entries:
        if entry.file_size > _SMALL.get(entry.filename, _PART):
            raise UnusableFile(
                f"{entry.filename[:60]} of the workbook is too large when unpacked"
                f" ({entry.file_size // 1_000_000} MB); split the file"
            )


def _refuse_other(names: set[str]) -> None:
    if "xl/workbook.xml" in names:
        return
    if "content.xml" in names and "mimetype" in names:
        raise UnusableFile("this is an OpenDocument file (.ods); save it as .xlsx")
    if "xl/workbook.bin" in names:
        raise UnusableFile("this is a binary workbook (.xlsb); save it as .xlsx")
    if "word/document.xml" in names:
        raise UnusableFile("this is a Word document; save the table as .xlsx")
    if any(name.endswith(".iwa") for name in names):
        raise UnusableFile("this is a Numbers file; export it as Excel or CSV")
    if "[Content_Types].xml" not in names:
        raise UnusableFile("this is a ZIP archive; unpack it and import what is inside")
    raise UnusableFile(DAMAGED)
