"""How what is kept goes: the archive of ended tickets, the cutting of topics, and what is held of whom."""
