"""The `jevons` command."""
