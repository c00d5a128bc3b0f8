"""A Django project of one page."""
