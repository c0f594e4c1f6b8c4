"""Commands about deadlines: count, explain, report and recompute."""
