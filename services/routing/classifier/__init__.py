"""The text classifier: likely agencies of a report, learned from labelled ones, each with a threshold of its own.

It needs numpy alone. What learns and measures it stands in ``training``, which needs the extra ``model`` (scikit-learn,
scipy, matplotlib) and is used by the command line only.
"""
