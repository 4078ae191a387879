"""The entry point of the command `ontarget` and of `python -m ontarget`."""

import sys

from ontarget.deprecations import deprecations_unsaid


def main() -> None:
    """Runs the command line: exit code 0, 2 for the user's mistakes, 130 for Ctrl-C, 143 for SIGTERM.

    If a pipe that reads the output is closed, the exit code is 141.
    """
    try:
        with deprecations_unsaid():
            from ontarget.cli.app import app

            app()
    except KeyboardInterrupt:  # while the imports were under way
        sys.exit(130)


if __name__ == "__main__":
    main()
