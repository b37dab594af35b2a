"""Systems that analyses measure with."""
