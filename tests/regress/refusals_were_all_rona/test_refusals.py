"""
302, 404, 480, 488, 408, 500, a bad SDP: each was told as `rona`, "did not answer".

And an agent was paused for it also when Asterisk had been restarted under the ringing.
"""

import pytest

from callengine.core.machines import AgentState
from tests.support.pool_kit import make_agent, play

SAID = [
    (23, 302, "forwarded"),
    (1, 404, "phone_unavailable"),
    (19, 480, "phone_unavailable"),
    (58, 488, "no_codec"),
    (58, None, "no_codec"),
    (38, 500, "phone_error"),
    (17, 486, "busy"),
    (21, 603, "declined"),
]


@pytest.mark.parametrize(("cause", "code", "reason"), SAID)
def test_the_reason_is_the_phones(cause: int, code: int | None, reason: str) -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    call = p.calls_in()
    assert call.agent_leg is not None
    p.rings(call.agent_leg.channel)
    p.ends(call.agent_leg.channel, cause, sip_code=code)
    assert p.agent("anna").reason == reason


def test_a_restarted_asterisk_pauses_nobody() -> None:
    p = play(make_agent("anna"), make_agent("boris"))
    p.ready("anna", "boris")
    channels = []
    for name in ("ch1", "ch2"):
        leg = p.calls_in(name).agent_leg
        assert leg is not None
        channels.append(leg.channel)
    for channel in channels:
        p.ends(channel, 0)
    states = {p.agent(name).state for name in ("anna", "boris")}
    assert AgentState.PAUSED not in states
