"""What every page is made of: the frame around it, and the pieces that several pages use."""
