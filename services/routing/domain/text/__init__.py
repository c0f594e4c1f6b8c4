"""Text as word stems; its normalisation, known phrases and typing errors are `shared`'s, for intake reads them, too."""
