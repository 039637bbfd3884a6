"""
Identities and units, as types that cannot be swapped for one another.

`Instant` is seconds on the engine's own clock: Unix time in production, virtual
time in tests and in the simulator. The core never reads a clock itself.
"""

from typing import NewType

Instant = float

AgentId = NewType("AgentId", str)
AttemptId = NewType("AttemptId", str)
BridgeId = NewType("BridgeId", str)
CallId = NewType("CallId", str)
ChannelId = NewType("ChannelId", str)
CustomerId = NewType("CustomerId", str)
MessageId = NewType("MessageId", str)
OrderId = NewType("OrderId", str)
PlaybackId = NewType("PlaybackId", str)
QueueId = NewType("QueueId", str)
ReservationId = NewType("ReservationId", str)
ShopId = NewType("ShopId", str)
