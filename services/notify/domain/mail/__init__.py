"""The rules of mail that comes back: what it is, and what of it a reporter has written."""
