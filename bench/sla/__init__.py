"""Sla at the scale of a large city; `bench/sla_scale.py` runs it."""
