"""Finds identities in what people write, and covers them."""
