"""Collections as they are after a year and more: copies of tickets that the services have made."""
