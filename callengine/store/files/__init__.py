"""Orders from files: CSV as spreadsheets write it, and XLSX."""

from callengine.store.files.explain import Explained, explain_file
from callengine.store.files.headings import ColumnMap
from callengine.store.files.orders import ParsedFile, ParsedOrder, parse_orders
from callengine.store.files.take import Imported, import_orders
from callengine.store.files.wrong import BadRow, UnusableFile

__all__ = [
    "BadRow",
    "ColumnMap",
    "Explained",
    "Imported",
    "ParsedFile",
    "ParsedOrder",
    "UnusableFile",
    "explain_file",
    "import_orders",
    "parse_orders",
]
