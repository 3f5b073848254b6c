"""Builds the truth server, runs it, and reads what it says it truly did."""

from __future__ import annotations

import array
import datetime as dt
import ipaddress
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SOURCE = Path(__file__).with_name("truth_server.c")


@dataclass(frozen=True, slots=True)
class Truth:
    """What the server did for one request, in ns of the machine's monotonic clock."""

    arrival_ns: int
    sent_ns: list[int]


def build(folder: Path) -> Path:
    """Compile the server into `folder`; raises `RuntimeError` without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("the truth server is C: it needs gcc and OpenSSL's headers")
    binary = folder / "truth_server"
    libraries = ("-lssl", "-lcrypto")
    command = [compiler, "-O2", "-Wall", "-o", str(binary), str(SOURCE), *libraries]
    subprocess.run(command, check=True)  # noqa: S603 - our own source
    return binary


class TruthServer:
    """One run of the server; use as a context manager, then ask for `truths`."""

    def __init__(
        self,
        binary: Path,
        *,
        ttft_ms: float,
        itl_ms: float,
        tokens: int,
        certificate: Path | None = None,
    ) -> None:
        self._log = binary.with_name("truth.log")
        times_ns = (int(ttft_ms * 1e6), int(itl_ms * 1e6))
        words = [str(binary), *map(str, times_ns), str(tokens), str(self._log)]
        if certificate is not None:
            words.append(str(certificate))
        self._scheme = "http" if certificate is None else "https"
        self._words = words
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self.url = f"{self._scheme}://127.0.0.1:{port}/v1/chat/completions"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=10)

    def truths(self) -> dict[int, Truth]:
        """Return what was done for each request that was answered whole, by its id."""
        numbers = array.array("q", self._log.read_bytes())
        found, at = {}, 0
        while at < len(numbers):
            request, arrival_ns, sends = numbers[at : at + 3]
            found[request] = Truth(arrival_ns, list(numbers[at + 3 : at + 3 + sends]))
            at += 3 + sends
        return found


def make_certificate(folder: Path) -> Path:
    """Write key and certificate of 127.0.0.1 into one file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "truth.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path
