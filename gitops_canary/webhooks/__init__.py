"""Calling other people's services about a rollout, and telling them how it goes."""

from gitops_canary.webhooks.calling import SIGNS, Caller, Target

__all__ = ["SIGNS", "Caller", "Target"]
