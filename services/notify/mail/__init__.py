"""What comes back by mail: replies of reporters, bounces, and what machines answer."""
