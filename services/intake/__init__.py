"""Accepts or refuses complaints; owns deduplication by source id, masking of identities, and the place of a report.

It hears what channels submit and answers each submission with exactly one acceptance or one refusal; the reporter's
contact leaves it only sealed.
"""
