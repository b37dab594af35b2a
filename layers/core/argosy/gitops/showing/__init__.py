"""What the command line shows of Applications and projects, as lines and tables of texts: argocd's own, to the column."""
