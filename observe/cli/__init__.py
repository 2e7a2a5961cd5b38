"""The command line: parses, wires, prints. One file a command."""

from observe.cli.main import main

__all__ = ["main"]
