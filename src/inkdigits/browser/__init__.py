"""The reader in a browser, without a server: a static site, and a package for npm."""
