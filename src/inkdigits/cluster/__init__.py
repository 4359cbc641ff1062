"""Ray: the same commands on many machines. Other packages do not import it; the command line passes it to them."""
