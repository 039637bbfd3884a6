"""Files of every code page of the region are read right, or refused by name."""

import pytest

from callengine.store.files import ParsedFile, UnusableFile, parse_orders

FILES = {
    "russian": (
        "Номер;Телефон;ФИО;Товар\r\n"
        "1;89161234567;Иванов Пётр Яковлевич;Чайник «Парус»\r\n"
        "2;89161234567;ЁЛКИН ЮРИЙ;Щётка\r\n"
    ),
    "short": "Номер;Телефон;Товар\n1;89161234567;Чай\n",
    "english heading": "number;phone;name;item\n1;89161234567;Иванов;Чай\n",
    "one name": "number;phone;name;item\n1;89161234567;Иван;Tea\n",
    "lower case": "number;phone;name;item\n1;89161234567;иван петров;чайник\n",
    "capitals": "number;phone;name;item\n1;89161234567;ИВАН ПЕТРОВ;ЧАЙНИК\n",
    "ukrainian": (
        "Номер;Телефон;ПІБ;Товар\n1;0671234567;Їжакевич Ґалаґан;Лампа\n"
        "2;0671234567;Євген;Світильник\n"
    ),
    "signs": "№ заказа;Телефон;Товар\n1;89161234567;«Ель» №5\n",
    "rare letters": "number;phone;name;item\n1;89161234567;яна юля;мяч\n",
}
ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "utf-32",
    "cp1251",
    "cp866",
    "koi8-r",
    "koi8-u",
    "mac-cyrillic",
    "iso8859-5",
)


def read(raw: bytes) -> ParsedFile:
    """Read a file for a Russian shop."""
    return parse_orders(raw, currency="RUB", zone="Europe/Moscow")


def can(encoding: str, text: str) -> bool:
    """Whether a code page has the letters of a text."""
    return text.encode(encoding, "ignore").decode(encoding) == text


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [(k, e) for k, text in FILES.items() for e in ENCODINGS if can(e, text)],
)
def test_no_name_is_ever_stored_in_another_spelling(kind: str, encoding: str) -> None:
    try:
        found = read(FILES[kind].encode(encoding))
    except UnusableFile as refused:
        assert "it looks like" in str(refused)  # noqa: PT017 - a refusal is right too
        assert kind == "rare letters"
        return
    assert found.orders == read(FILES[kind].encode()).orders


@pytest.mark.parametrize("name", ["José Müller", "Çelik", "François"])
def test_western_letters_are_not_taken_for_cyrillic(name: str) -> None:
    raw = f"number;phone;name;item\n1;89161234567;{name};Tea\n".encode("cp1252")

    assert [o.order.name for o in read(raw).orders] == [name]


def test_letters_of_several_code_pages_are_not_guessed() -> None:
    raw = "number;phone;name;item\n1;89161234567;Łukasz Żak;Tea\n".encode("cp1250")
    with pytest.raises(UnusableFile, match="not certain"):
        read(raw)


def test_a_spoilt_byte_of_utf8_costs_its_row() -> None:
    good = "1;89161234567;Иванов;Чайник\n3;89161234567;Сидоров;Самовар\n"
    spoilt = "2;89161234567;Пет".encode() + b"\xd1" + "ров;Утюг\n".encode()
    file = read(b"number;phone;name;item\n" + good.encode() + spoilt)

    assert [o.order.number for o in file.orders] == ["1", "3"]
    assert "lost its letters" in file.bad[0].reason


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252", "latin-1"])
def test_a_name_that_was_decoded_wrongly_before_is_refused(encoding: str) -> None:
    name = "Ивановна Анна".encode().decode(encoding, "replace")
    raw = f"number;phone;name;item\n1;89161234567;{name};Чай\n".encode()
    file = read(raw)

    assert file.orders == []
    assert file.bad[0].reason.startswith("name ")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"%PDF-1.7 x", "PDF"),
        (b"\x1f\x8b\x08x", "gzip"),
        (b'[{"number": 1}]', "JSON"),
        (b"<?xml version='1.0'?><orders/>", "XML file"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xef\xbb\xbf<!DOCTYPE html><table>", "HTML"),
    ],
)
def test_what_is_no_table_is_called_what_it_is(raw: bytes, said: str) -> None:
    with pytest.raises(UnusableFile, match=said):
        read(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"number;phone;item\n" + b";" * 3_000_000,
        b"number;phone;item\n" + b"x" * 3_000_000 + b"\n",
        b'number;phone;item\n"' + b"x;" * 1_500_000,
    ],
)
def test_a_line_without_end_is_one_bad_row(raw: bytes) -> None:
    file = read(raw + b"\n1;89161234567;Tea\n" if raw[-1:] != b"\n" else raw)

    assert len(file.bad) == 1
    assert len(file.bad[0].reason) < 200


def test_lines_without_number_are_refused_at_once() -> None:
    with pytest.raises(UnusableFile, match="more than 1000000 lines"):
        read(b"number;phone;item\n" + b"\n" * 1_000_001)


def test_half_an_order_is_not_taken_when_a_line_of_it_has_a_stray_quote() -> None:
    rows = '1;89161234567;Чай\n1;;"ООО "Ель"";Кофе\n2;89161234567;Чай\n;;Мёд\n'
    file = read(f"number;phone;item\n{rows}".encode())

    assert [o.order.number for o in file.orders] == ["2"]
    assert [i.name for i in file.orders[0].order.items] == ["Чай", "Мёд"]
    assert [row.line for row in file.bad] == [2, 3]
