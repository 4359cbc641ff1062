"""Ray: the same commands on many machines. Nothing below this package knows Ray; the command line passes it in."""
