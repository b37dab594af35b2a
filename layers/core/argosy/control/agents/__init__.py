"""What the hub and the agents of clusters say to each other: signed work one way, reports the other. Pure, but for ports."""
