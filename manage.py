#!/usr/bin/env python
from __future__ import annotations

import os
import sys

from prosaas.local import installation


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "prosaas.settings")
    # A demo must not lose its servers when some other command ends that started them.
    with installation(alone=sys.argv[1:2] == ["demo"]):
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
