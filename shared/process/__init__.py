"""The life of a service process: settings, start and stop, health, metrics, logs."""
