"""The notebook's view of a box: view models without widgets, and the widgets over them."""
