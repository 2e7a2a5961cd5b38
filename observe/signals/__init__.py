"""Golden signals, outcomes and the call graph: frames in, frames out."""
