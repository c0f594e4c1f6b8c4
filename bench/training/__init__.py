"""Invented reports: the training set of the shipped model, and exports that no model has seen."""
