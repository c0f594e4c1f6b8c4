"""Learning and measuring the text classifier from labelled reports."""
