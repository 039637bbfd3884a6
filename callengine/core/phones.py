"""Agents' softphones, as far as the core must tell them apart."""

from collections.abc import Mapping
from enum import StrEnum


class AutoAnswer(StrEnum):
    """By which header of an INVITE a phone answers by itself."""

    CALL_INFO = "call-info"
    """`Call-Info: <sip:callengine>;answer-after=0`."""
    ALERT_INFO = "alert-info"
    """`Alert-Info: <sip:callengine>;info=alert-autoanswer;delay=0`."""
    BOTH = "both"
    NONE = "none"
    """The phone answers everything by itself, or by a rule of its own."""


class PhoneModel(StrEnum):
    """Softphones and desk phones whose way is known; `docs/admin-guide.md` says how."""

    AUDIOCODES = "audiocodes"
    BARESIP = "baresip"
    GIGASET = "gigaset"
    GRANDSTREAM = "grandstream"
    LINPHONE = "linphone"
    MICROSIP = "microsip"
    SNOM = "snom"
    YEALINK = "yealink"
    OTHER = "other"


HEADERS: Mapping[PhoneModel, AutoAnswer] = {
    PhoneModel.AUDIOCODES: AutoAnswer.CALL_INFO,
    PhoneModel.BARESIP: AutoAnswer.CALL_INFO,
    PhoneModel.GIGASET: AutoAnswer.CALL_INFO,
    PhoneModel.GRANDSTREAM: AutoAnswer.BOTH,
    PhoneModel.LINPHONE: AutoAnswer.NONE,
    PhoneModel.MICROSIP: AutoAnswer.CALL_INFO,
    PhoneModel.SNOM: AutoAnswer.BOTH,
    PhoneModel.YEALINK: AutoAnswer.ALERT_INFO,
    PhoneModel.OTHER: AutoAnswer.CALL_INFO,
}
"""What a model is asked with, where the agent's own setting says nothing."""
