"""`python -m cli`: the command where it is not installed."""

from cli.main import app

if __name__ == "__main__":
    app(prog_name="isthmus")
