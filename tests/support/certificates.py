"""Certificates for tests, made on the spot."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path, *, name: str = "pbx", days: int = 365) -> Path:
    """A self-made certificate of 127.0.0.1 with its key, in one PEM file."""
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    command += ["-days", str(days), "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    both = folder / f"{name}.pem"
    both.write_text(certificate.read_text() + key.read_text())
    both.chmod(0o600)
    return both
