"""Owns what was told to whom about a ticket, and the sealed contacts of reporters.

Hears contacts, accepted complaints, ticket events and the clocks; says which notice was sent, failed or was suppressed.
"""
