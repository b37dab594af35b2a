"""What services need from the outside, as small Protocols; in-memory fakes stand in `argosy.ports.fakes`."""
