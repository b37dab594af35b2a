"""Models and rules of event source entries, by family; `argosy.resources.eventsource` puts them together."""
