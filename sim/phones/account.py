"""What one softphone is told: its account, its ports, its sound."""

import re
from dataclasses import dataclass
from pathlib import Path

MODULES = Path("/usr/lib/baresip/modules")
_CONFIG = """\
poll_method epoll
net_interface {host}
sip_listen {host}:{sip_port}
rtp_ports {rtp_first}-{rtp_last}
call_local_timeout 120
call_max_calls 4
audio_source aufile,{speech}
audio_player aufile,/dev/null
audio_alert aufile,/dev/null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
module_path {modules}
module g711.so
{security}\
module aufile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
"""
_ACCOUNT = (
    "<sip:{login}@{registrar}{transport}>;auth_user={login};auth_pass={secret};"
    "answermode=manual;regint={register_every_s};audio_codecs=pcma,pcmu{encryption}\n"
)
_SECURITY = """\
module srtp.so
sip_certificate {certificate}
sip_cafile {certificate}
"""
_SAFE = re.compile(r"[A-Za-z0-9._+@:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """
    What one phone needs.

    Attributes:
        registrar: `HOST:PORT` of Asterisk.
        rtp_first: first of ten UDP ports, even.
        speech: 8 kHz mono 16-bit WAV that the agent says.
        certificate: PEM with its key, to speak TLS and SRTP; it is also whom the
            phone trusts. It then listens at `sip_port` + 1 too.
        honours_auto_answer: answer at once when the INVITE asks for it.
        register_every_s: a phone that leaves its place to another as soon as that one
            registers must not come back by itself.
    """

    login: str
    secret: str
    registrar: str
    sip_port: int
    control_port: int
    rtp_first: int
    folder: Path
    speech: Path
    host: str = "127.0.0.1"
    honours_auto_answer: bool = True
    register_every_s: int = 60
    certificate: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would change the meaning of the phone's own files."""
        for value in (self.login, self.secret, self.registrar):
            if not _SAFE.fullmatch(value):
                raise ValueError("login, secret or registrar has a strange character")

    def files(self) -> dict[str, str]:
        """Make the phone's configuration files."""
        config = _CONFIG.format(
            host=self.host,
            sip_port=self.sip_port,
            rtp_first=self.rtp_first,
            rtp_last=self.rtp_first + 9,
            speech=self.speech,
            modules=MODULES,
            control_port=self.control_port,
            security=_SECURITY.format(certificate=self.certificate)
            if self.certificate
            else "",
        )
        account = _ACCOUNT.format(
            login=self.login,
            registrar=self.registrar,
            secret=self.secret,
            register_every_s=self.register_every_s,
            transport=";transport=tls" if self.certificate else "",
            encryption=";mediaenc=srtp-mand" if self.certificate else "",
        )
        return {"config": config, "accounts": account, "contacts": ""}
