"""Rendering tools, each run in a cage on files of its own."""
