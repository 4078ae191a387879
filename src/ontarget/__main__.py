"""`python -m ontarget`."""

from ontarget.cli.app import main

if __name__ == "__main__":
    main()
