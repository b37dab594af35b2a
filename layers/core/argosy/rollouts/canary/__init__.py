"""Canary: steps, weights and numbers of pods."""
