"""Orders from files: CSV as spreadsheets write it, and XLSX."""

from callengine.store.files.headings import ColumnMap
from callengine.store.files.orders import ParsedFile, ParsedOrder, parse_orders
from callengine.store.files.take import Imported, import_orders
from callengine.store.files.wrong import BadRow, UnusableFile

__all__ = [
    "BadRow",
    "ColumnMap",
    "Imported",
    "ParsedFile",
    "ParsedOrder",
    "UnusableFile",
    "import_orders",
    "parse_orders",
]
