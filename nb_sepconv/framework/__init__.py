"""TF1's graphs, scopes, variables and templates."""
