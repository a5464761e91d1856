"""All attacks from behind the walls that standard input names, as a program; its answers on standard output."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from plugins.attacks.attack import Target, run_attacks
from plugins.attacks.kinds import ATTACKS
from processor.confinement.enclosure import Enclosure
from processor.confinement.wall import Wall


def attack_from_inside(told: dict[str, Any]) -> None:
    folder = Path(told["folder"])
    enclosure = Enclosure.plan(hidden=[], scratch_bytes=1 << 20)
    for wall in Wall:
        if wall in told["walls"]:
            enclosure.build(wall, folder=folder)
    target = Target.of(told["target"], scratch=folder / "scratch", given=folder / "inputs" / "data")
    json.dump(run_attacks(ATTACKS, target), sys.stdout)
    sys.stdout.flush()


if __name__ == "__main__":
    task = json.load(sys.stdin)
    if (pid := os.fork()) == 0:  # a walled process has one thread, and Polars brings others
        attack_from_inside(task)
        os._exit(0)
    os.waitpid(pid, 0)
