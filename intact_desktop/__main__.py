"""Entry point of the desktop."""

import sys

from intact_desktop import cli


def main() -> None:
    """Check a file, or open the window."""
    given = cli.arguments(sys.argv[1:])
    if given.command == "verify":
        sys.exit(cli.verify(given.file, given.manifest, given.trust, given.data))
    # The window's libraries cost half a second that a check on the command line need not pay.
    from intact_desktop import application  # noqa: PLC0415

    sys.exit(application.run(given.data, given.profile, given.server))


if __name__ == "__main__":
    main()
