"""`python -m moe_format`."""

import sys

from .command.command import main

sys.exit(main())
