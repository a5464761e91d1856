"""What each part of the installation gets to know: its own settings, and nothing of the others."""

import os
from collections.abc import Mapping
from typing import Final

# What any program needs to find its files, its language and its certificates.
EVERY_PART: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "LD_LIBRARY_PATH",
)
# Settings of logs, telemetry and storage (with the object stores' own variables) concern both services.
BOTH_SERVICES: Final = ("SUNDOG_LOG_", "SUNDOG_STORAGE_", "OTEL_", "AWS_", "AZURE_", "GOOGLE_")
DATABASE: Final = "SUNDOG_DATABASE_"
# Its streams are the gateway's own concern, and retention the processor's, each under a prefix of its own.
OF_ONE_SERVICE: Final = {
    "gateway": ("SUNDOG_GATEWAY_", "SUNDOG_STREAM_"),
    "processor": ("SUNDOG_PROCESSOR_", "SUNDOG_RETENTION_"),
}


def environment_of(
    service: str,
    settings: Mapping[str, str],
    *,
    defaults: Mapping[str, str],
    inherited: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The whole environment of a part.

    Args:
        service: `gateway` or `processor`.
        settings: what the part is told by us, whatever was inherited.
        defaults: what it is told unless something was inherited.
        inherited: our own environment.
    """
    prefixes = (*BOTH_SERVICES, DATABASE, *OF_ONE_SERVICE[service])
    passed = {name: value for name, value in inherited.items() if name in EVERY_PART or name.startswith(prefixes)}
    return {**defaults, **passed, **settings}
