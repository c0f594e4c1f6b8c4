"""The lifecycle of a ticket: its opening, the commands of each role, timeouts, and its parts."""
