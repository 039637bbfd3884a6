"""Cards that look like life, for tests and pictures of the agent page."""

from dataclasses import replace

from callengine.core.cards import (
    Card,
    ContactCard,
    CustomerCard,
    DeliveryCard,
    ItemCard,
    OrderCard,
)
from callengine.core.ids import CustomerId, OrderId, ShopId

IRINA = CustomerCard(
    customer=CustomerId("k-1"),
    name="Ирина Соколова",
    language="ru",
    segment="vip",
    region="ru-mow",
    phones=("+79161234567", "+74951112233"),
)
PETR = CustomerCard(
    customer=CustomerId("k-2"),
    name="Пётр Соколов",
    language="ru",
    segment="regular",
    region="ru-mos",
    phones=("+79161234567",),
)
OKSANA = CustomerCard(
    customer=CustomerId("k-3"),
    name="Оксана Коваленко",
    language="uk",
    segment="regular",
    region="ua-30",
    phones=("+380671234567",),
)


def _item(sku: str, name: str, quantity: int, price_minor: int) -> ItemCard:
    return ItemCard(
        sku=sku,
        name=name,
        category="home",
        quantity=quantity,
        price_minor=price_minor,
    )


KETTLE_ORDER = OrderCard(
    order=OrderId("o-1"),
    number="T-10472",
    stage="confirmed",
    placed_at="2026-11-20T09:12:00Z",
    total_minor=1_134_000,
    currency="RUB",
    items=(
        _item("KT-17", "Чайник электрический «Волна», 1,7 л", 1, 349_000),
        _item("BL-02", "Плед шерстяной 140×200", 2, 392_500),
    ),
    delivery=DeliveryCard(
        method="courier",
        address="Москва, ул. Лесная, 7, кв. 12",
        date="2026-11-24",
        time_from="14:00",
        time_to="18:00",
    ),
)
LAMP_ORDER = OrderCard(
    order=OrderId("o-2"),
    number="T-09811",
    stage="changed",
    placed_at="2026-10-02T16:40:00Z",
    total_minor=215_050,
    currency="RUB",
    items=(_item("LM-31", "Лампа настольная «Маяк»", 1, 215_050),),
)
SOFA_ORDER = OrderCard(
    order=OrderId("o-3"),
    number="Z-2051",
    stage="dialling",
    placed_at="2026-11-21T07:55:00Z",
    total_minor=489_900,
    currency="UAH",
    items=(
        _item("SH-08", "Штора блекаут 200×270", 2, 189_950),
        _item("KR-11", "Карниз металевий 2,4 м", 1, 110_000),
    ),
)

INBOUND = Card(
    shop=ShopId("teplo"),
    shop_name="Тепло",
    direction="inbound",
    number="+79161234567",
    dialled_number="+74950000001",
    identification="found",
    customers=(IRINA,),
    orders=(KETTLE_ORDER, LAMP_ORDER),
    contacts=(
        ContactCard(
            at="2026-11-20T10:03:00Z",
            direction="outbound",
            agent="Мария Лис",
            disposition="confirmed",
            note="Просит позвонить за час до доставки: домофон не работает.",
        ),
        ContactCard(
            at="2026-10-05T12:31:00Z",
            direction="inbound",
            agent="Олег Дрозд",
            disposition="informed",
        ),
    ),
)
SEVERAL = replace(INBOUND, identification="several", customers=(IRINA, PETR), orders=())
PENDING = replace(
    INBOUND, identification="pending", customers=(), orders=(), contacts=()
)
UNKNOWN = replace(PENDING, identification="unknown")
WITHHELD = replace(PENDING, identification="withheld", number=None)
OUTBOUND = Card(
    shop=ShopId("zatyshok"),
    shop_name="Затишок",
    direction="outbound",
    number="+380671234567",
    dialled_number="+380671234567",
    identification="found",
    customers=(OKSANA,),
    orders=(SOFA_ORDER,),
    order=SOFA_ORDER.order,
)
