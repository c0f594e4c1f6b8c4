"""Owns the clocks of every ticket, and what has been said about them.

Hears ``complaints.accepted`` and ``tickets.events``, in any order; says on ``sla.events`` how the clocks run, on
``sla.warnings`` which of them run out, and on ``sla.breaches`` which have run out, exactly once each.
"""
