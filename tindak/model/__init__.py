"""Commands about the text classifier: train, measure, and learn from corrections."""
