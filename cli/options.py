"""The options that several commands have, each described once."""

from __future__ import annotations

from typing import Annotated

import typer

LOCAL = "http://127.0.0.1:7071"
WHERE = "The app"

Url = Annotated[
    str, typer.Option("--url", envvar="ISTHMUS_URL", help="Where the app is.", rich_help_panel=WHERE, metavar="URL")
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar="ISTHMUS_KEY",
        help="A function key of the app. Better in the environment: a command line can be read by others.",
        show_default=False,
        rich_help_panel=WHERE,
        metavar="KEY",
    ),
]
Entra = Annotated[
    str | None,
    typer.Option(
        "--entra",
        envvar="ISTHMUS_ENTRA",
        help="Resource (api://...) to get an Entra token for; needs azure-identity.",
        rich_help_panel=WHERE,
        metavar="RESOURCE",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output; everything else on standard error.")
]
Spec = Annotated[str, typer.Argument(help="The spec, YAML or JSON; - reads standard input.", metavar="FILE|-")]
SpecName = Annotated[str | None, typer.Option("--name", help="Name of the environment, in place of the spec's.")]
Tickets = Annotated[
    str | None,
    typer.Option(
        "--tickets",
        metavar="FILE|-",
        help="Enrolment tickets, YAML or JSON: corp name -> ticket. So that the spec itself holds none.",
    ),
]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Send the spec without the check that is made here first.")]
Name = Annotated[str, typer.Argument(help="Name of the environment.", show_default=False)]
Generation = Annotated[str | None, typer.Option("--generation", help="A former life of that name.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it has settled, and show how it goes.")]
Timeout = Annotated[
    float, typer.Option("--timeout", min=0.01, metavar="MINUTES", help="Wait no longer; the environment goes on.")
]
