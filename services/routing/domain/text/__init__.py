"""Text as word stems; its normalisation, known phrases and typing errors are in `shared/text`, for intake reads them, too."""
