"""Progressive delivery through Git commits alone."""

__version__ = "0.1.0"
