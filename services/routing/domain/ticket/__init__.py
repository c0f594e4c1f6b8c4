"""The ticket as a state machine: its state, the transitions between states, and why a command is refused."""
