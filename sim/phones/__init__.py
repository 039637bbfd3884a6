"""Agents' softphones: baresip for people, SIPp where hundreds are needed."""
