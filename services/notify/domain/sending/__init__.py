"""The rules of sending: when a delivery may go, how often it is tried, and by which gateway."""
