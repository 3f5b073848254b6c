"""Passwords, tokens, the key vault, ids."""
