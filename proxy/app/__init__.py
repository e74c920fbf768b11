"""The running program: settings, one service for each server, and the process around them."""
