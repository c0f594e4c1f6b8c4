"""Fairness among senders: whose records are taken next, how many, and how far ahead of those who read after us."""
