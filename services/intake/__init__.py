"""Intake owns the first look at a report: is it one, is it new, who may see what of it, where does it play.

It hears what channels submit and answers each submission with exactly one acceptance or one refusal; the reporter's
contact leaves it only sealed.
"""
