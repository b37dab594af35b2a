"""Work items: what wakes an object, and what keeps a wake from being lost or doubled."""
