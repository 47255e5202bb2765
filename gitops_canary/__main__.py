"""Run the command line by `python -m gitops_canary`."""

from gitops_canary.cli import main

if __name__ == "__main__":
    main()
