"""Facts about identities: what is asked on behalf of a reporter, and who has opened what is sealed."""
