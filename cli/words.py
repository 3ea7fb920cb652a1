"""Durations in words."""

from __future__ import annotations

from datetime import timedelta


def clock(span: timedelta | float) -> str:
    """`42 s`, `3:07` (minutes), `1:02:00` (hours)."""
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def rough(span: timedelta) -> str:
    """`about 4 min`, `less than a minute`: what an estimate is worth."""
    minutes = span.total_seconds() / 60
    return "less than a minute" if minutes < 1 else f"about {round(minutes)} min"
