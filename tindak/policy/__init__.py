"""Commands about the policy: check, explain, compare, and run it against past reports."""
