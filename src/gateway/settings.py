"""The gateway's settings, each from the environment (`SUNDOG_GATEWAY_…`)."""

from ipaddress import ip_address, ip_network
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class GatewaySettings(BaseSettings):
    """Where the gateway listens, what it takes and what a task gets that does not say."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_GATEWAY_", frozen=True)

    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    socket_fd: int | None = Field(
        default=None,
        ge=0,
        description="A listening socket that was inherited, instead of SUNDOG_GATEWAY_HOST and _PORT.",
    )
    published: str | None = Field(
        default=None,
        description="The address at which others reach the gateway, where that is another than SUNDOG_GATEWAY_HOST: "
        "the one that a container's port is published at.",
    )
    open: bool | None = Field(
        default=None,
        description="Whether everybody who reaches the gateway may do everything. true is for a private network alone, "
        "and needs SUNDOG_GATEWAY_ALLOWED_HOSTS there; false asks for keys on loopback too, as behind a proxy. "
        "Default: open on loopback, keys elsewhere.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Names under which the gateway is reached, separated by commas; others are refused. On loopback "
        "localhost, 127.0.0.1 and [::1] are always among them; elsewhere every name is served if this is empty, "
        "which is allowed where keys are asked for.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Other sites whose pages may use this gateway, separated by commas, such as https://a.example.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Addresses and networks of proxies before the gateway, separated by commas. What these say in "
        "X-Forwarded-For and X-Forwarded-Proto is believed, so each of their clients counts as a caller of its own.",
    )
    shutdown_s: int = Field(
        default=5, ge=1, description="Seconds that requests get to finish when the gateway is told to stop."
    )
    head_limit_bytes: int = Field(
        default=64 << 10, ge=1024, description="The most bytes that a request's first line and headers may have."
    )
    head_timeout_s: float = Field(
        default=30, gt=0, description="Seconds within which a request's headers must have come."
    )
    head_fields_most: int = Field(default=100, ge=10, description="The most headers that a request may have.")
    body_timeout_s: float = Field(
        default=30, gt=0, description="Seconds in which a body that is being waited for must bring something."
    )
    body_slowest_bytes_per_s: int = Field(
        default=100,
        ge=0,
        description="A body that comes more slowly than this, on the average since it was first waited for and after "
        "SUNDOG_GATEWAY_BODY_TIMEOUT_S, is given up.",
    )
    body_limit_bytes: int = Field(
        default=1 << 20, ge=1024, description="The most bytes that a JSON body or a field of a form may have."
    )
    answers_mb: int = Field(
        default=256,
        ge=1,
        description="Memory for answers of more than 256 KiB that clients are still taking, in MiB; a tenant has half "
        "of it at most. Who asks when it is used up waits some seconds, and is then told to come again.",
    )
    upload_limit_bytes: int = Field(default=10 << 30, ge=1, description="The most bytes that a dataset may have.")
    session_hours: float = Field(
        default=12, gt=0, le=720, description="Hours for which a browser that logged in stays so."
    )
    key_requests_per_s: int = Field(
        default=500,
        ge=0,
        description="Requests a second that a key may send to all gateways together, if it has no number of its own; "
        "twice as many at once. 0: any number.",
    )
    tenant_datasets_most: int = Field(
        default=100_000, ge=1, description="The most datasets of a tenant that has no number of its own."
    )
    tenant_bytes_most: int = Field(
        default=1 << 40, ge=1, description="The most bytes in datasets of a tenant that has no number of its own."
    )
    tenant_queued_most: int = Field(
        default=1_000_000, ge=1, description="The most waiting tasks of a tenant that has no number of its own."
    )
    kinds_cache_s: float = Field(
        default=1.0, ge=0, le=2, description="Seconds for which the catalogue of kinds is not read again."
    )
    processor_fresh_s: float = Field(
        default=30, gt=0, description="Seconds since its last heartbeat for which a processor counts as alive."
    )
    idempotency_kept_s: int = Field(
        default=86_400, ge=1, description="Seconds for which a request's Idempotency-Key is remembered."
    )
    ready_timeout_s: float = Field(default=1.0, gt=0, description="Seconds in which Postgres must answer for /readyz.")
    task_timeout_s: int = Field(default=600, ge=1, description="timeout_s of a task that does not say.")
    task_timeout_s_most: int = Field(default=21_600, ge=1, description="The most timeout_s that a task may ask for.")
    task_memory_mb: int = Field(default=2048, ge=64, description="memory_mb of a task that does not say.")
    task_memory_mb_most: int = Field(default=65_536, ge=64, description="The most memory_mb that a task may ask for.")
    task_attempts: int = Field(default=3, ge=1, description="max_attempts of a task that does not say.")
    task_attempts_most: int = Field(
        default=10, ge=1, le=100, description="The most max_attempts that a task may ask for."
    )

    @field_validator("allowed_hosts", "cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(word.strip().lower() for word in value.split(",") if word.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each)
        return value

    @model_validator(mode="after")
    def _defaults_within_bounds(self) -> Self:
        for name in ("task_timeout_s", "task_memory_mb", "task_attempts"):
            if getattr(self, name) > getattr(self, f"{name}_most"):
                raise ValueError(f"SUNDOG_GATEWAY_{name.upper()} is more than SUNDOG_GATEWAY_{name.upper()}_MOST")
        return self

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the gateway."""
        return is_loopback(self.published or self.host)

    @property
    def is_open(self) -> bool:
        """Whether nobody needs a key."""
        return self.on_loopback if self.open is None else self.open


class StreamSettings(BaseSettings):
    """How many streams there may be, how long each lasts, and what is done with clients that do not keep up."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_STREAM_", frozen=True)

    limit: int = Field(default=12_000, ge=1, description="Streams that this gateway keeps open at most.")
    limit_per_caller: int = Field(default=10_000, ge=1, description="Streams that one caller may have open here.")
    heartbeat_s: float = Field(default=15, gt=0, description="Seconds of silence after which a stream says it lives.")
    rotate_s: float = Field(
        default=600, gt=0, description="Seconds after which an event stream ends, for its client to come back; ± 20 %."
    )
    retry_s: float = Field(default=2, gt=0, description="The longest time after which clients are told to come back.")
    send_timeout_s: float = Field(
        default=30, gt=0, description="Seconds after which a client that takes nothing is cut off."
    )
    drain_s: float = Field(default=2, gt=0, description="Seconds that streams get to end when the gateway stops.")
    backstop_s: float = Field(
        default=5, gt=0, description="Seconds between reads of all watched feeds that no notification asked for."
    )
    poll_s: float = Field(
        default=0.25, gt=0, description="The same where nothing notifies (SUNDOG_DATABASE_NOTIFIER=poll)."
    )
    open_s: float = Field(
        default=5, gt=0, description="Seconds that a new stream waits for the database before it is refused with 503."
    )
    wait_s: float = Field(
        default=60, ge=0, description="The most seconds that an answer waits for a task (Prefer: wait)."
    )


def is_loopback(host: str) -> bool:
    """Whether this name or address of an interface leads to this machine alone."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
