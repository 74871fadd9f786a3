"""``python -m nb_sepconv`` is the command ``nb-sepconv``."""

import sys

from nb_sepconv.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
