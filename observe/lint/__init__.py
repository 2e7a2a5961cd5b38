"""Judges the VirtualServices and DestinationRules that are there already."""
