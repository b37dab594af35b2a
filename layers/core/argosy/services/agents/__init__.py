"""The hub's half of the agents: which clusters there are, what their agents are to do, what they report."""
