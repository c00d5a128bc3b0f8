"""What a machine has that reloadd needs: each part looked at, judged, and given a fix where one is needed."""
