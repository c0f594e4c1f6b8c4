"""Deduplication: whether two reports are about the same matter, by place and words."""
