"""The command line: local stack, demo, submit, watch, dead letters; a client of the services, imported by none."""
