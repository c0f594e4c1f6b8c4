"""Notifies reporters, agencies and officers; owns the deliveries of each ticket and its sealed contact.

Hears contacts, accepted complaints, ticket events and the clocks; says which notice was sent, failed or was suppressed.
"""
