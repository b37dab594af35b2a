"""Git, through dulwich: the only place that imports it."""
