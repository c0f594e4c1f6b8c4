"""Which agency is responsible for a report, by rules first and the text classifier last, and why."""
