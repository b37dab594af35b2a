"""Signatures by the cryptography package, which is imported when the first is made or checked."""
