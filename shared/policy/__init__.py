"""The city's policy as files: loading, hot reload, and the directories that all services share."""
