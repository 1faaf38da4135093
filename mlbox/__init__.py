"""Reproducible ML containers from a notebook, a script or the command line."""

from mlbox._version import __version__ as __version__
