"""Contracts and plumbing of all services; no rule about complaints."""
