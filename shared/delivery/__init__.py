"""Effectively-once delivery: load, decide, save, publish, commit; the same for every service."""
