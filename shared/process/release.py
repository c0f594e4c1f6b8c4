"""The number of this release; stated in code, for several releases may run under one interpreter."""

RELEASE = "0.2.0"
