"""The metadata all tables share, and short spellings of the columns they repeat."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    MetaData,
    String,
    Text,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str, *, length: int = 64) -> Column[Any]:
    """Column of the primary key: an identity minted by us or by the admin."""
    return Column(name, String(length), primary_key=True)


def part_of(name: str, target: str, *, primary: bool = False) -> Column[Any]:
    """Reference to the row this one is a part of, gone when that goes."""
    return Column(
        name,
        String(64),
        ForeignKey(target, ondelete="CASCADE"),
        primary_key=primary,
        nullable=False,
    )


def name(
    column: str,
    *,
    length: int = 64,
    nullable: bool = False,
    default: str | None = None,
) -> Column[Any]:
    """Short text: an identity, a code, a phone."""
    return Column(column, String(length), nullable=nullable, server_default=default)


def words(column: str, *, default: str | None = None) -> Column[Any]:
    """Long text, never null."""
    return Column(column, Text, nullable=False, server_default=default)


def yes_no(column: str) -> Column[Any]:
    """True or false; false when nobody says."""
    return Column(column, Boolean, nullable=False, server_default=false())


def instant(column: str, *, nullable: bool = True) -> Column[Any]:
    """Unix seconds, with fractions, the same in every database."""
    return Column(column, Double, nullable=nullable)


def money(column: str, *, default: str | None = None) -> Column[Any]:
    """Integer minor units; the currency stands beside it or on the order."""
    return Column(column, BigInteger, nullable=False, server_default=default)
