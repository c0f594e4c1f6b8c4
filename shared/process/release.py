"""The release that this code is; the code itself says it, for several releases may run under one interpreter."""

RELEASE = "0.2.0"
