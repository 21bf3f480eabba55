"""How it is shown: from values to what commands print, a module for each layout. Pure."""
