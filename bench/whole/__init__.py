"""The whole pipeline, measured: from a channel's complaint to the last record that follows from it."""
