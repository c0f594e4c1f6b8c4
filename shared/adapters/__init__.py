"""The ports of delivery on real servers: Kafka, MongoDB and the system clock."""
