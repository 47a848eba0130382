"""Investment plan: where to build under a budget, proven as far as it can be."""
