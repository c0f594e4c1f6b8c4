"""The demo: its environment, its complaints, how people react to them, and its output."""
