"""What notify answers over HTTP on a port of its own: the pages of links, and the receipts of gateways."""
