"""`python -m sim COMMAND`."""

from sim.cli import main

if __name__ == "__main__":
    main()
