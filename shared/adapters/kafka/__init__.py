"""Kafka: consumer and producer."""
