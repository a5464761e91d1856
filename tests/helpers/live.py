"""Live delivery for tests."""

from pydantic import SecretStr

from common.database import Pool
from common.settings import DatabaseSettings
from gateway.live import Live, build_live
from gateway.settings import StreamSettings


def idle_live(pool: Pool) -> Live:
    """Live delivery that was never started, for an app whose streams are of no interest."""
    nowhere = DatabaseSettings(dsn=SecretStr("postgresql://nobody@127.0.0.1:1/nowhere"))
    return build_live(pool=pool, database=nowhere, settings=StreamSettings())
