"""Headers that we add to the INVITE of an agent's phone."""

from collections.abc import Mapping

from callengine.core.phones import AutoAnswer

_CALL_INFO = {"PJSIP_HEADER(add,Call-Info)": "<sip:callengine>;answer-after=0"}
_ALERT_INFO = {
    "PJSIP_HEADER(add,Alert-Info)": "<sip:callengine>;info=alert-autoanswer;delay=0"
}
AUTO_ANSWER: Mapping[AutoAnswer, Mapping[str, str]] = {
    AutoAnswer.CALL_INFO: _CALL_INFO,
    AutoAnswer.ALERT_INFO: _ALERT_INFO,
    AutoAnswer.BOTH: _CALL_INFO | _ALERT_INFO,
    AutoAnswer.NONE: {},
}
"""The headers that softphones answer by themselves on."""
