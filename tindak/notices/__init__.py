"""Shows the texts of the notices as their readers get them."""
