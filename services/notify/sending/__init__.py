"""Sends what is due: claims it, asks whether it may go, hands it to its channel, and saves how that ended."""
