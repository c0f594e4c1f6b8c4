"""The rules of notify: which notices are sent to whom, when, and how often they are tried."""
