"""An order form can make us call customers in the shop's countries, and nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callengine.core.compliance.destinations import (
    CUSTOMERS,
    NumberKind,
    destination_of,
    refusal,
)

RUSSIA = ("RU",)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+78091234567", NumberKind.PREMIUM),
        ("+78031234567", NumberKind.PREMIUM),
        ("+19002345678", NumberKind.PREMIUM),
        ("+449091234567", NumberKind.PREMIUM),
        ("+979123456789", NumberKind.PREMIUM),
        ("+491801234567", NumberKind.SHARED_COST),
        ("+808123456789", NumberKind.SHARED_COST),
        ("+447012345678", NumberKind.PERSONAL),
        ("+878101234567890", NumberKind.PERSONAL),
        ("+870773123456", NumberKind.SATELLITE),
        ("+8816123456789", NumberKind.SATELLITE),
        ("+882161234567", NumberKind.NETWORK),
        ("+88312345678", NumberKind.NETWORK),
        ("+888123456789", NumberKind.NETWORK),
        ("+380900123456", NumberKind.NONE),
        ("+7112", NumberKind.NONE),
        ("+1911", NumberKind.NONE),
        ("+380112", NumberKind.NONE),
        ("112", NumberKind.NONE),
        ("", NumberKind.NONE),
        ("+", NumberKind.NONE),
        ("+99999999999999", NumberKind.NONE),
    ],
)
def test_what_costs_or_helps_is_never_called(number: str, kind: NumberKind) -> None:
    assert destination_of(number).kind is kind
    assert refusal(number, ("RU", "UA", "US", "GB", "DE", "")) != ""


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+79161234567", "RU"),
        ("+74950000101", "RU"),
        ("+78002345678", "RU"),
        ("+77012345678", "KZ"),
        ("+380671234567", "UA"),
        ("+380440000101", "UA"),
        ("+447624300000", "IM"),
        ("+18092345678", "DO"),
        ("+12125550123", "US"),
        ("+5352345678", "CU"),
    ],
)
def test_a_customer_is_called_in_the_countries_of_the_shop_alone(
    number: str, country: str
) -> None:
    assert destination_of(number).country == country
    assert refusal(number, (country,)) == ""
    assert refusal(number, ("FR",)).startswith(f"a number of {country}")


def test_one_country_code_does_not_open_every_country_that_has_it() -> None:
    assert refusal("+77012345678", RUSSIA) != ""
    assert refusal("+18092345678", ("US", "CA")) != ""


@given(st.text(alphabet="+0123456789", max_size=20))
def test_whatever_is_called_is_a_customers_phone_at_home(number: str) -> None:
    if refusal(number, RUSSIA) == "":
        country, kind = destination_of(number)

        assert country == "RU"
        assert kind in CUSTOMERS
        assert number.startswith("+7")
