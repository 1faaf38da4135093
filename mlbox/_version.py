"""The version of mlbox; a file of its own so that builds need not import the package."""

__version__ = "0.1.0"
