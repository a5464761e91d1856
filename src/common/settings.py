"""Settings that both services share: one frozen class a concern, each value from the environment (`SUNDOG_…`)."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """How to reach Postgres."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_DATABASE_", frozen=True)

    dsn: SecretStr = Field(
        description="Postgres connection string of this service's own role. May lead through a pooler."
    )
    listener_dsn: SecretStr | None = Field(
        default=None,
        description="Connection string for LISTEN; must reach Postgres directly: a transaction pooler drops LISTEN "
        "silently. Default: the value of SUNDOG_DATABASE_DSN.",
    )
    pool_size: int = Field(
        default=8, ge=1, le=200, description="Connections this service keeps at most, besides the one that listens."
    )
    statement_cache: int = Field(
        default=200, ge=0, description="Prepared statements kept a connection; 0 behind PgBouncer in transaction mode."
    )
    timeout_s: float = Field(default=30, gt=0, description="Seconds after which a statement is given up.")
    notifier: Literal["postgres", "poll"] = Field(
        default="postgres",
        description="How the services hear of each other's work: postgres uses LISTEN and NOTIFY; poll asks again and "
        "again, for a database that is only reached through a pooler that drops LISTEN. The same for both services.",
    )
    probe_s: float = Field(
        default=10, gt=0, description="Seconds between checks that the connection that LISTENs still hears."
    )

    @property
    def direct_dsn(self) -> SecretStr:
        """Where to LISTEN."""
        return self.listener_dsn or self.dsn

    @property
    def notifies(self) -> bool:
        """Whether LISTEN and NOTIFY are used."""
        return self.notifier == "postgres"


class StorageSettings(BaseSettings):
    """Where the bytes of datasets and artifacts are kept."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_STORAGE_", frozen=True)

    url: str = Field(
        description="An object store both services reach: file:///folder, s3://bucket/prefix, gs://..., az://..."
    )


class LogSettings(BaseSettings):
    """What the log looks like."""

    model_config = SettingsConfigDict(env_prefix="SUNDOG_LOG_", frozen=True)

    format: Literal["json", "text"] = Field(
        default="json", description="One JSON object a line, or a line for a person."
    )
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="The least that is logged.")
