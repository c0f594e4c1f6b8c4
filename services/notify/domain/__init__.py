"""What is told to whom and when: pure rules; they never send anything."""
