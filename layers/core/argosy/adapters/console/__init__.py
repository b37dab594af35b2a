"""Effects that end in the log."""
