"""`python -m coincodec` is the `coin` command."""

import sys

from .cli import main

sys.exit(main())
