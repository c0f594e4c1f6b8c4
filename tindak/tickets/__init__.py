"""Commands about tickets: submit, track, and what agencies, officers and reporters do."""
