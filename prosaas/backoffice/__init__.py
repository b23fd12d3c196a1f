"""What an operator sees of the whole installation, one page a module."""
