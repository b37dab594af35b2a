"""HTTP to the outside: the executor of `http` triggers and the rule for where it may go."""
