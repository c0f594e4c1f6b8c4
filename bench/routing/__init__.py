"""Parts of routing, measured alone."""
