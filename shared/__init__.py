"""Contracts and plumbing that all services stand on; never a rule about complaints."""
