"""What the pages show, without the pages: plain functions and classes that know nothing of NiceGUI."""
