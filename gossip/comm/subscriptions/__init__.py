"""Subscriptions: what subscribers of messages and of notices have waiting for them."""
