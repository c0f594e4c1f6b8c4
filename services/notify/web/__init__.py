"""Pages and other answers of notify over HTTP: what links in messages lead to, on a port of its own."""
