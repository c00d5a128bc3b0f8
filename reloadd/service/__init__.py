"""Being a service of systemd: what the manager is told, what it keeps, and how it is taught to run us."""
