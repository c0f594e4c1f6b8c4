"""Tickets that are followed together: who joins whom, and what a leader broadcasts to its members."""
