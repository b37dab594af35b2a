"""In-memory implementations of the ports: whole in behaviour, gone with the process. For tests and dry runs."""
