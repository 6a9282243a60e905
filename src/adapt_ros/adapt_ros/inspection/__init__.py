"""What inspection_node is made of: frames, triggers, the handshake, recipes, reports."""
