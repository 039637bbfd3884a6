"""`python -m callengine`."""

from callengine.boot.cli import main

main()
