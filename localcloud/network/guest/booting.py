"""What happens at each boot of a VM: the units that are enabled are started, and cloud-init does its part."""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn

from . import performing, service


def main(*, first: bool) -> NoReturn:
    """In a process of its own, which ends when all has been started."""
    code = 0
    try:
        # Units that were enabled at an earlier boot don't wait for cloud-init's final stage.
        if not first:
            service.start_enabled()
        performing.perform(first=first)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
