"""The application that servers and the command line load."""

from diary import create_app

app = create_app()
