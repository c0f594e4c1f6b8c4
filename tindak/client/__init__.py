"""Kafka as an outsider uses it: publish, read, wait for answers."""
