"""The exercise as a notebook: built from one master, handed out, solved, checked."""
