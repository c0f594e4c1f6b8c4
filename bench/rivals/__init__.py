"""What the pipeline is measured beside: a ceiling written by hand, and what one writes first."""
