"""Entry point of the server."""

import sys

from sync_server import cli


def main() -> None:
    """Run the command line and leave with its result."""
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
