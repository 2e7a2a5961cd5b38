"""Autoscaling and requests belong together: a target is a percentage of the request."""

from __future__ import annotations

from observe.errors import InputError


def scale_target(old_target: float, old_request: float, new_request: float) -> int:
    """The HPA's target that keeps its scale point when a request changes.

    The HPA scales where usage reaches target x request; that product must stay.

    Args:
        old_target: `averageUtilization`, percent of the request.
        old_request, new_request: of the same resource, in the same unit.

    Returns:
        Whole percent, at least 1. Above 100 is right when a request shrinks: pods then use more
        than they ask for before the HPA adds one.

    Raises:
        InputError: a number that is not above 0.
    """
    if not min(old_target, old_request, new_request) > 0:
        raise InputError("a target and requests must be above 0 to keep a scale point")
    return max(1, round(old_target * old_request / new_request))
