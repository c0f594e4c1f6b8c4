"""Which reports tell of violence, abuse, danger or corruption: by who does what to whom, never by sentences."""
