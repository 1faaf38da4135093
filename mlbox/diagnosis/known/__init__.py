"""The signatures, by what they are about."""
