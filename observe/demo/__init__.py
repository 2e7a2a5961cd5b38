"""A simulated mesh whose truth is known."""
