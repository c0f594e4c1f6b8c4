"""MongoDB: the document store."""
