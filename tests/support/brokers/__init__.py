"""Real brokers for tests, one module each; the servers are Debian's, Kafka's is Maven Central's."""
