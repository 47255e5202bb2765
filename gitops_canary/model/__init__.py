"""Frozen values that every part shares: no logic beyond their own shape, no I/O, no clock.

Instants are integer milliseconds since the epoch (UTC), durations integer milliseconds,
weights `Decimal` percent with at most three places: two replicas must never differ by a rounding.
"""
