"""Experiments: ReplicaSets side by side for a while, and analyses of them."""
