"""The app's side: runs in the app's own interpreter, standard library only, any Python from 3.8.

Started by path, so that reloadd need not be installed there, and loaded under a private name, so that nothing of it
can shadow a module of the app. What runs before the app's own code imports next to nothing: see the README.
"""
