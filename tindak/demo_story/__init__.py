"""The story of the demo: its stage, its complaints, who does what with them, and how it is told."""
