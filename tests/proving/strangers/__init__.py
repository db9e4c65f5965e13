"""Strangers: services of ours in other frameworks and house styles, written without sight of checks and payloads."""
