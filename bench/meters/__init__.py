"""What is counted and timed while a benchmark runs: by clocks, by /proc, by the broker and by the database."""
