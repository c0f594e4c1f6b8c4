"""Commands for the one on call: run, watch, dead letters and quarantined documents."""
