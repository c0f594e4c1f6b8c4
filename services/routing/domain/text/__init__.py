"""Text as word stems; its normalisation, phrases and typing errors are in `shared/text`, for intake reads them, too."""
