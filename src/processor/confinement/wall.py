"""The walls by their names."""

from enum import StrEnum


class Wall(StrEnum):
    """One thing that keeps a child in, in the order in which they are built; see the package's essay."""

    NO_NEW_PRIVS = "no-new-privs"
    NO_CAPABILITIES = "no-capabilities"
    NO_DUMP = "no-dump"
    RLIMITS = "rlimits"
    LANDLOCK = "landlock"
    LANDLOCK_NET = "landlock-net"
    LANDLOCK_SCOPE = "landlock-scope"
    SECCOMP = "seccomp"
