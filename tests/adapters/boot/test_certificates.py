"""`callengine doctor` tells of a certificate before phones do."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callengine.boot.certificates import BadCertificate, expires_at, tls_finding
from callengine.boot.findings import Level
from callengine.boot.sections import PhonesSettings, SipSettings
from callengine.boot.settings import Settings
from tests.support.certificates import make_certificate


def settings(certificate: Path | None, key: Path | None = None) -> Settings:
    """Settings whose phones register by TLS."""
    return Settings(
        sip=SipSettings(tls_certificate=certificate, tls_key=key),
        phones=PhonesSettings(tls=True),
    )


def test_the_end_of_a_certificate_is_read(tmp_path: Path) -> None:
    pem = make_certificate(tmp_path, days=90)
    left = expires_at(pem, None) - datetime.now(UTC)
    assert timedelta(days=89) < left < timedelta(days=91)


def test_a_good_certificate_is_well(tmp_path: Path) -> None:
    finding = tls_finding(settings(make_certificate(tmp_path)))
    assert finding is not None
    assert (finding.level, finding.mend) == (Level.OK, "")


def test_one_that_ends_soon_is_told(tmp_path: Path) -> None:
    finding = tls_finding(settings(make_certificate(tmp_path, days=12)))
    assert finding is not None
    assert finding.level is Level.ADVICE
    assert "ends on" in finding.found


def test_one_that_has_ended_is_missing(tmp_path: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    finding = tls_finding(settings(make_certificate(tmp_path)), later)
    assert finding is not None
    assert finding.level is Level.MISSING


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    finding = tls_finding(settings(tmp_path / "none.pem"))
    assert finding is not None
    assert finding.level is Level.MISSING
    assert "none.pem" in finding.found


def test_the_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    make_certificate(tmp_path, name="one")
    make_certificate(tmp_path, name="other")
    with pytest.raises(BadCertificate, match="do not fit"):
        expires_at(tmp_path / "one.crt", tmp_path / "other.key")


def test_text_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    pem = tmp_path / "junk.pem"
    pem.write_text("hello")
    with pytest.raises(BadCertificate):
        expires_at(pem, None)


def test_nobody_asks_where_no_tls_is_wanted() -> None:
    assert tls_finding(Settings()) is None
