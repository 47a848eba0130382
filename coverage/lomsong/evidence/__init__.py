"""From predicted levels and measurements to the probability of signal."""
