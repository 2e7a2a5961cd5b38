"""`python -m observe` is `observe`."""

from observe.cli import main

main()
