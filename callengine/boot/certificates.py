"""Whether the SIP certificate will do: readable, with its key, and for how long."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from callengine.boot.findings import Finding, Level
from callengine.boot.settings import Settings

WARN_DAYS = 30
_SEQUENCE, _EXPLICIT, _UTC_TIME = 0x30, 0xA0, 0x17


class BadCertificate(Exception):
    """It cannot be used; the text says why."""


def expires_at(certificate: Path, key: Path | None) -> datetime:
    """
    Say when a certificate ends.

    Raises:
        BadCertificate: missing, unreadable, no PEM, or not of this key.
    """
    try:
        text = certificate.read_text(encoding="ascii")
        if key is not None:
            key.read_bytes()
    except (OSError, ValueError) as error:
        raise BadCertificate(f"cannot be read: {error}") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            certificate, key, password=_no_passphrase
        )
    except (ssl.SSLError, OSError, ValueError) as error:
        raise BadCertificate(f"certificate and key do not fit: {error}") from error
    end = "-----END CERTIFICATE-----"
    begin = text.index("-----BEGIN CERTIFICATE-----")
    first = text[begin : text.index(end, begin) + len(end)]
    try:
        return _not_after(ssl.PEM_cert_to_DER_cert(first))
    except (IndexError, ValueError) as error:
        raise BadCertificate(f"its dates cannot be read: {error}") from error


def tls_finding(settings: Settings, now: datetime | None = None) -> Finding | None:
    """Examine the certificate that phones and carriers see; None without one."""
    certificate, key = settings.sip.tls_certificate, settings.sip.tls_key
    if certificate is None:
        return None
    name = "SIP certificate"
    mend = "set sip.tls_certificate and sip.tls_key to PEM files that this user reads"
    try:
        ends_at = expires_at(certificate, key)
    except BadCertificate as error:
        return Finding(Level.MISSING, name, f"{certificate} {error}", mend)
    left = (ends_at - (now or datetime.now(UTC))).days
    when = f"{certificate}, ends on {ends_at:%Y-%m-%d}"
    renew = "renew it, then: callengine pbx down; callengine pbx up"
    if left < 0:
        return Finding(Level.MISSING, name, f"{when}: it is over", renew)
    if left < WARN_DAYS:
        return Finding(Level.ADVICE, name, f"{when}: in {left} days", renew)
    return Finding(Level.OK, name, when)


def _no_passphrase() -> str:
    raise ValueError("the key has a passphrase, which Asterisk could not give")


def _not_after(der: bytes) -> datetime:
    """Read the end of validity (RFC 5280, 4.1)."""
    _, certificate = next(_items(der))
    _, to_be_signed = next(_items(certificate))
    # version (if any), serial number, algorithm, issuer, validity
    fields = [item for item in _items(to_be_signed) if item[0] != _EXPLICIT]
    kind, validity = fields[3]
    if kind != _SEQUENCE:
        raise ValueError("no validity")
    _, (kind, value) = _items(validity)
    form = "%y%m%d%H%M%SZ" if kind == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(value.decode("ascii"), form).replace(tzinfo=UTC)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Go through the elements of a DER value: tag and content."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            many = length & 0x7F
            length = int.from_bytes(data[at : at + many], "big")
            at += many
        yield tag, data[at : at + length]
        at += length
