"""The telephony contract on real Asterisk with real SIP."""

from tests.contracts.telephony_contract import TelephonyContract


class TestOnAsterisk(TelephonyContract):
    """Every law of the contract, with SIPp for people."""
