"""Renders a delivery as messages: recipient, language and text."""
