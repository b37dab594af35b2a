"""Kubernetes: the Cluster and Secrets ports on the kubernetes client.

The client is imported by the first connection, not before.
"""
