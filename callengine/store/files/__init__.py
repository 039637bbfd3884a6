"""Orders from files: CSV as spreadsheets write it, and XLSX."""

from callengine.store.files.orders import ParsedFile, ParsedOrder, parse_orders
from callengine.store.files.table import BadRow, UnusableFile
from callengine.store.files.take import Imported, import_orders

__all__ = [
    "BadRow",
    "Imported",
    "ParsedFile",
    "ParsedOrder",
    "UnusableFile",
    "import_orders",
    "parse_orders",
]
