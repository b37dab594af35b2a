"""Actions of kinds, a module for each API group or family of them; `registry` says which has which."""
