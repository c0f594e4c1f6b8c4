"""The text model: likely agencies of a report, learned from labelled ones, and whether a person must look.

``model`` and ``model_file`` are what the service needs, with numpy alone; everything that learns or measures needs the
extra ``model`` (scikit-learn, openpyxl, matplotlib) and is imported by the command line only.
"""
