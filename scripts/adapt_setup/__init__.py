"""
Everything that turns a bare machine into one that runs the adapt stack.

Standard library only: this runs before anything is installed. Start it with `make setup`.
"""
