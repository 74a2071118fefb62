"""The part `growth`: generated projects with more connections and models."""
