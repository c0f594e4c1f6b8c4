"""Working time: the hours of offices, and how time is counted by them; no I/O."""
