"""Certificates of tests, made by openssl: an authority and whom it vouches for."""

import subprocess
from pathlib import Path


class Authority:
    """
    Somebody who signs certificates.

    Args:
        folder: where its files go; `ca.pem` is what others trust.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "ca.pem"
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "30", "-subj", "/CN=authority of a test"),
            *("-keyout", folder / "ca.key", "-out", self.certificate),
        )

    def vouches_for(self, address: str) -> Path:
        """Make a certificate for an address, its key in the same file."""
        stem = self._folder / address
        wanted = stem.with_suffix(".csr")
        signed, key = stem.with_suffix(".crt"), stem.with_suffix(".key")
        names = stem.with_suffix(".ext")
        names.write_text(f"subjectAltName=IP:{address}\n")
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-subj", f"/CN={address}", "-keyout", key, "-out", wanted),
        )
        _openssl(
            *("x509", "-req", "-in", wanted, "-days", "30", "-extfile", names),
            *("-CA", self.certificate, "-CAkey", self._folder / "ca.key"),
            *("-CAcreateserial", "-out", signed),
        )
        both = stem.with_suffix(".pem")
        both.write_text(signed.read_text() + key.read_text())
        return both


def _openssl(*arguments: str | Path) -> None:
    command = ["openssl", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
