"""Attacks on what is released: what two releases tell of the one person they differ by, and whether somebody was in."""
