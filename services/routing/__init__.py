"""Routing owns the ticket and its lifecycle: which agency is responsible, why, and what has become of it.

It hears accepted complaints, what agencies, officers and reporters ask for, and the clocks of sla; it says the
ticket's whole history on ``tickets.events``, each agency's part of it on that agency's own topic, and what an officer
must decide on ``tickets.triage``.
"""
