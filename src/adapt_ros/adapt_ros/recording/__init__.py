"""Recording demonstrations: bags that survive a crash, their repair, the health of topics."""
