"""The masker of release 0.1.0, kept only to be measured against."""
