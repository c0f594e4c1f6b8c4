"""Commands about the policy: check, explain, compare, and run it over labelled reports."""
