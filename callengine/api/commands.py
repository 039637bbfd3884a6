"""What an agent's page may ask over its WebSocket, validated and carried out."""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

import orjson
import structlog
from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from callengine.api.bodies import field_path, sentence
from callengine.api.errors import AWAY
from callengine.api.texts import Address, Name, Note, Strict
from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, CallId, OrderId
from callengine.engine.face import (
    DispositionForm,
    EngineFace,
    UnknownAgent,
    UnknownCall,
)
from callengine.engine.ports import (
    DeliveryAgreement,
    DispositionRefused,
)

log = structlog.get_logger(__name__)

Id = Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)]
TimeOfDay = Annotated[
    str, StringConstraints(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$")
]


def _iso_date(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("Give the date as YYYY-MM-DD.") from None
    return text


IsoDate = Annotated[
    str,
    StringConstraints(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_iso_date),
]


class Ready(Strict):
    """Offer me calls."""

    id: Id
    do: Literal["ready"]


class Pause(Strict):
    """No more calls, for a reason; takes effect after the running call."""

    id: Id
    do: Literal["pause"]
    reason: Annotated[str, StringConstraints(pattern="^[a-z][a-z_]{0,31}$")]


class LogOut(Strict):
    """I leave; takes effect after the running call."""

    id: Id
    do: Literal["log_out"]


class Delivery(Strict):
    """What agent and customer agreed."""

    method: Literal["courier", "pickup", "post"]
    address: Annotated[Address, Field(min_length=1)]
    date: IsoDate
    time_from: TimeOfDay = ""
    time_to: TimeOfDay = ""

    @model_validator(mode="after")
    def _window_is_forward(self) -> "Delivery":
        if self.time_from and self.time_to and self.time_from >= self.time_to:
            raise ValueError("The delivery window ends before it begins.")
        return self


class SaveDisposition(Strict):
    """This came of the call."""

    id: Id
    do: Literal["disposition"]
    call: Name
    disposition: Disposition
    note: Note = ""
    order: Name | None = None
    delivery: Delivery | None = None
    finish: bool = True


Command: TypeAlias = Annotated[
    Ready | Pause | LogOut | SaveDisposition, Field(discriminator="do")
]
COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)

_UNION_TAGS = frozenset({"ready", "pause", "log_out", "disposition"})


class CommandRefused(Exception):
    """A command was not carried out; `id` is None when it could not be read."""

    def __init__(
        self, id_: int | None, code: str, message: str, field: str | None = None
    ) -> None:
        super().__init__(message)
        self.id = id_
        self.code = code
        self.message = message
        self.field = field

    def reply(self) -> dict[str, Any]:
        """Write the reply to the page."""
        error = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return {"type": "reply", "id": self.id, "ok": False, "error": error}


def parse(text: str) -> Command:
    """Read a command. Raises `CommandRefused`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CommandRefused(None, "malformed_json", f"{error.msg}.") from None
    try:
        return COMMANDS.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = field_path(first).split(".")
        # The loc of a union member begins with its tag, which no page sent.
        field = ".".join(path[1:] if path[0] in _UNION_TAGS else path)
        message = sentence({**first, "loc": tuple(field.split("."))})
        raise CommandRefused(_id_of(value), "invalid", message, field) from None


async def obey(command: Command, agent: AgentId, engine: EngineFace) -> dict[str, Any]:
    """Carry a command out and write the reply. Raises `CommandRefused`."""
    try:
        await _perform(command, agent, engine)
    except UnknownCall:
        message = "This call is not on your desk any more."
        raise CommandRefused(command.id, "unknown_call", message) from None
    except UnknownAgent:
        message = "You are not in the roster any more; log in again."
        raise CommandRefused(command.id, "unknown_agent", message) from None
    except DispositionRefused as error:
        field = getattr(error, "field", None)
        raise CommandRefused(command.id, "refused", str(error), field) from None
    except AWAY:
        message = "A part of the engine is away; try again in seconds."
        raise CommandRefused(command.id, "try_again", message) from None
    except Exception:
        log.exception("command failed", do=command.do, agent=agent)
        message = "The engine failed on this; the log knows why."
        raise CommandRefused(command.id, "internal", message) from None
    return {"type": "reply", "id": command.id, "ok": True}


async def _perform(command: Command, agent: AgentId, engine: EngineFace) -> None:
    match command:
        case Ready():
            await engine.become_ready(agent)
        case Pause(reason=reason):
            await engine.pause(agent, reason)
        case LogOut():
            await engine.log_out(agent)
        case SaveDisposition():
            await engine.save_disposition(_form(command, agent))


def _form(command: SaveDisposition, agent: AgentId) -> DispositionForm:
    agreed = command.delivery
    return DispositionForm(
        agent=agent,
        call=CallId(command.call),
        disposition=command.disposition,
        note=command.note,
        order=OrderId(command.order) if command.order is not None else None,
        delivery=DeliveryAgreement(**agreed.model_dump()) if agreed else None,
        finish=command.finish,
    )


def _id_of(value: object) -> int | None:
    id_ = value.get("id") if isinstance(value, dict) else None
    return id_ if isinstance(id_, int) and not isinstance(id_, bool) else None
