"""The rules of digests: when one is due, what it holds, and how it ends."""
