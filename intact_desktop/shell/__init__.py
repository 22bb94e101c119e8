"""Main window, navigation, status bar."""
