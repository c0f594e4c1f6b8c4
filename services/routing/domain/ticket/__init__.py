"""The ticket: its state, the transitions between states, and why a command is refused."""
