"""The rules of sla: pure functions of a ticket's history, the policy and an instant."""
