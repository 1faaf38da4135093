"""Tests of the rules about compose files."""
