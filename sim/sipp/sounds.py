"""What simulated people say: made once by espeak-ng and sox."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

_AGENT = "Здравствуйте, магазин, слушаю вас. Ваш заказ принят, спасибо за звонок."
_HELLO = "Алло?"
_CALLER = "Здравствуйте, я по поводу моего заказа."
_GREETINGS = ("Алло?", "Да, слушаю вас.", "Алло, здравствуйте.")
_MACHINE = (
    "Здравствуйте. К сожалению, сейчас я не могу ответить на ваш звонок. "
    "Пожалуйста, оставьте сообщение после звукового сигнала, и я обязательно "
    "перезвоню вам, как только смогу. Спасибо."
)


class SoundsFailed(Exception):
    """A sound could not be made; the text says by which program and why."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """
    Files of a folder.

    Attributes:
        agent: a minute of speech, WAV of 8 kHz mono for baresip.
    """

    folder: Path
    """
    Holds, as raw A-law for SIPp: hello, caller, machine, agent, blip (two packets) and
    talk0 to talk2, a greeting and a while of listening, made to be repeated.
    """
    agent: Path


def make_sounds(folder: Path) -> Sounds:
    """Make every sound that is missing; blocks. Raises `SoundsFailed`."""
    folder.mkdir(parents=True, exist_ok=True)
    # People who listen still send packets; a phone that sends none seems to talk on.
    _speak(_CALLER, folder / "caller.alaw", "pad", "0", "60")
    _speak(_HELLO, folder / "hello.alaw", "trim", "0", "1", "pad", "0", "60")
    _speak(_HELLO, folder / "blip.alaw", "trim", "0.2", "0.04")
    _speak(_MACHINE, folder / "machine.alaw")
    for index, greeting in enumerate(_GREETINGS):
        _speak(greeting, folder / f"talk{index}.alaw", "pad", "0", "10")
    _speak(_AGENT, folder / "agent.alaw")
    _speak(_AGENT, folder / "agent.wav", "repeat", "10")
    return Sounds(folder=folder, agent=folder / "agent.wav")


def _speak(words: str, path: Path, *effects: str) -> None:
    # A sound made by an older recipe is not the sound that is asked for.
    recipe = hashlib.sha256("|".join((words, *effects)).encode()).hexdigest()
    made_by = path.with_name(f"{path.name}.recipe")
    if path.exists() and made_by.exists() and made_by.read_text() == recipe:
        return
    spoken = path.with_name(f"{path.stem}.spoken.wav")
    ready = path.with_name(f"{path.stem}.ready{path.suffix}")
    _run("espeak-ng", "-v", "ru", "-w", str(spoken), "--", words)
    form = (
        ["-t", "raw", "-e", "a-law", "-b", "8"]
        if path.suffix == ".alaw"
        else ["-t", "wav", "-e", "signed-integer", "-b", "16"]
    )
    _run("sox", str(spoken), "-r", "8000", "-c", "1", *form, str(ready), *effects)
    spoken.unlink()
    ready.rename(path)
    made_by.write_text(recipe)


def _run(*argv: str) -> None:
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=60)
    except FileNotFoundError:
        raise SoundsFailed(f"{argv[0]} is missing") from None
    except subprocess.CalledProcessError as failed:
        said = failed.stderr.decode(errors="replace")[-300:]
        raise SoundsFailed(f"{argv[0]}: {said}") from None
