"""Store and Queue of the embedded runtime on SQLite files in write-ahead-log mode."""
