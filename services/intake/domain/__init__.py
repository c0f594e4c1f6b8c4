"""The rules of intake: pure, without clock, randomness or I/O."""
