"""Gives a deployment its certificates, passwords and users."""
