"""Notices as the one on call and officers see them: what became of them, and what is to be done."""
