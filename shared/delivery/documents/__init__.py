"""The stored document of a ticket: state, applied events and outbox, and its encoding."""
