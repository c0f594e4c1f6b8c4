"""Owns the clocks of every ticket.

Reads ``complaints.accepted`` and ``tickets.events``, in any order; publishes on ``sla.events`` how the clocks run, on
``sla.for_routing`` what routing needs of that, on ``sla.warnings`` which are running out, and on ``sla.breaches`` which
have run out, each fact exactly once.
"""
