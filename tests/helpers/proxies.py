"""The proxies of docs/operations.md: their files as they stand there, run by the real programs on free ports."""

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from helpers.eventually import eventually

DOCS: Final = Path(__file__).parents[2] / "docs" / "operations.md"
GATEWAY: Final = "127.0.0.1:8080"
CERTIFICATE: Final = "/etc/ssl/sundog/"
NAME: Final = "sundog.example.org"
NGINX: Final = """\
daemon off;
{user}
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/documented;
}}
"""
# Of the options that stand before a Caddyfile's sites: no port but the one.
CADDY: Final = "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that can stand before a gateway.

    Attributes:
        name: as its block in the docs is marked.
        listens: what stands in its file for the address that it listens on, and what to write instead.
        start: writes what its file needs besides into a folder, and gives the command; the file is `documented` there.
        compresses: how it encodes answers for who takes gzip; None if it leaves them as they are.
        timeouts: how it writes the time for which it lets a connection be silent; None if it has no such time.
    """

    name: str
    listens: tuple[str, str]
    start: Callable[[Path], list[str]]
    compresses: str | None = None
    timeouts: re.Pattern[str] | None = None

    @property
    def documented(self) -> str:
        """Its file, as the docs have it."""
        (block,) = re.findall(rf"^```{self.name}\n(.*?)^```$", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        return str(block)

    def find(self) -> str:
        """Where it is. A machine without it skips the test; where CI=true that fails instead."""
        return found(self.name)


def found(name: str) -> str:
    """Where a program is, among those of our environment, of the user, or of the system."""
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin"))
    program = shutil.which(name, path=places)
    if program is not None:
        return program
    missing = f"There is no {name}: .ci/run installs it."
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


def _nginx(folder: Path) -> list[str]:
    user = "user root;" if os.geteuid() == 0 else ""  # its workers must reach a test's folder
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user), encoding="utf-8")
    return [found("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path) -> list[str]:
    documented = (folder / "documented").read_text(encoding="utf-8")
    (folder / "Caddyfile").write_text(CADDY + documented, encoding="utf-8")
    return [found("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _haproxy(folder: Path) -> list[str]:
    return [found("haproxy"), "-db", "-f", str(folder / "documented")]


PROGRAMS: Final = {
    program.name: program
    for program in (
        Program(
            name="nginx",
            listens=("listen 443 ", "listen 127.0.0.1:{port} "),
            start=_nginx,
            compresses="gzip",
            timeouts=re.compile(r"(?<=proxy_read_timeout )(\d+)s"),
        ),
        Program(
            name="caddy",
            listens=("sundog.example.org {", "https://127.0.0.1:{port} {"),
            start=_caddy,
            compresses="gzip",
        ),
        Program(
            name="haproxy",
            listens=("bind :443 ", "bind 127.0.0.1:{port} "),
            start=_haproxy,
            timeouts=re.compile(r"(?<=timeout (?:client|server) )(\d+)s"),
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProxy:
    """A proxy that answers.

    Attributes:
        url: where, by TLS.
        certificate: its own.
        trust: knows the certificate.
        compresses: how it encodes answers for who takes gzip.
    """

    url: str
    certificate: Path
    trust: ssl.SSLContext
    compresses: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyFactory:
    """Starts proxies of one program before gateways."""

    program: Program
    folder: Path

    @asynccontextmanager
    async def before(self, gateway: str, *, timeout_s: int | None = None) -> AsyncIterator[RunningProxy]:
        """A proxy before the gateway at this URL.

        Args:
            gateway: its URL.
            timeout_s: instead of the documented time for which a connection may be silent.
        """
        self.program.find()
        folder = self.folder / self.program.name
        folder.mkdir()
        certificate = make_certificate(folder)
        port = free_port()
        before, after = self.program.listens
        ours = {
            before: after.replace("{port}", str(port)),
            GATEWAY: urlsplit(gateway).netloc,
            CERTIFICATE: f"{folder}/",
        }
        text = substituted(self.program.documented, ours).replace(NAME, "127.0.0.1")
        if timeout_s is not None and self.program.timeouts is not None:
            text = self.program.timeouts.sub(f"{timeout_s}s", text)
        (folder / "documented").write_text(text, encoding="utf-8")
        async with _running(self.program.start(folder), folder=folder):
            await eventually(lambda: _answers(port))
            trust = ssl.create_default_context(cafile=str(certificate))
            yield RunningProxy(
                url=f"https://127.0.0.1:{port}",
                certificate=certificate,
                trust=trust,
                compresses=self.program.compresses,
            )


def substituted(text: str, replaced: Mapping[str, str]) -> str:
    """A documented file with what is of a test's own; what is replaced must be there."""
    for old, new in replaced.items():
        assert old in text, f"the documented file has no {old!r}"
        text = text.replace(old, new)
    return text


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, and its key: apart, and both in one file."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    command = [found("openssl"), "req", "-x509", *curve, "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (folder / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate


def free_port() -> int:
    """A port that was free a moment ago, for programs that cannot tell which one they took."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@asynccontextmanager
async def _running(command: list[str], *, folder: Path) -> AsyncIterator[None]:
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    said = folder / "stderr"
    with said.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=stderr, stderr=stderr
        )
    try:
        yield
        assert process.returncode is None, said.read_text(encoding="utf-8", errors="replace")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
