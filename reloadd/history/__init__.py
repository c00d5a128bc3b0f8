"""What happened, kept: records and what the apps print, in files of bounded size, and what can be read from them."""
