"""Blobs and Secrets as files and environment variables, for the embedded runtime."""
