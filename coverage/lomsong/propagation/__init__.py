"""Radio propagation: pure functions of arrays, one model a module."""
