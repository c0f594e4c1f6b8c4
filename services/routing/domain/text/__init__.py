"""Text as words: normalised, with stems, known phrases and typing errors corrected."""
