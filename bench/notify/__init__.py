"""Measures how fast notices go out."""
