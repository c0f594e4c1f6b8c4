"""The rules of routing: pure functions of the ticket's state, the policy and what is heard; never any I/O or clock."""
