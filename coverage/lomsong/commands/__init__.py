"""The commands: their arguments and options, each one call of the package."""
