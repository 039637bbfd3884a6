"""`python -m sim COMMAND`."""

import sys


def main() -> None:
    """Run the command line; the demo does not wait for the other commands' modules."""
    if sys.argv[1:2] == ["demo"]:
        from sim.demo.command import main as run_command
    else:
        from sim.cli import main as run_command
    run_command()


if __name__ == "__main__":
    main()
