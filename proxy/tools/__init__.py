"""The tools that a server lists: what they weigh, and what changes in them."""
