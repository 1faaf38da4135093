"""``python -m mlbox``."""

import sys

from mlbox.cli import main

sys.exit(main())
