"""``lastbit list``."""

from __future__ import annotations

import typer

from .common import Own, app, own_file, usage


@app.command("list")
def list_(own: Own = None) -> None:
    """List activations, backends with their versions or why they are not there, modes and formats."""
    from backends.definitions import NOTES
    from backends.formulas import routes
    from backends.registry import installed_version, specs
    from backends.textbook import FORMULAS, formula

    from ..activations import ORDERS
    from ..catalogue import names, parse
    from ..formats import FORMATS
    from ..reference.own import definitions
    from ..workers.implementations import modes

    try:
        mine = definitions(own_file(own))
        described = [parse(name, mine) for name in (*mine, *names())]
    except ValueError as error:
        usage(error)
    typer.echo("activations")
    for each in described:
        typer.echo(f"  {each}: " + "; ".join(f"order {order}: {', '.join(routes(each.name, order))}" for order in ORDERS))
        for backend in FORMULAS:
            if text := formula(backend, each.name, dict(each.parameters)):
                typer.echo(f"    {backend}: has none; the textbook's formula {text}")
        for (backend, activation), note in NOTES.items():
            if activation == each.name:
                typer.echo(f"    {backend}: {note}")
    typer.echo("backends")
    for spec in specs().values():
        version = installed_version(spec)
        try:
            known = ", ".join(modes(spec))
        except ValueError as error:
            known = str(error)
        there = version or f"not installed (pip install {spec.distribution})"
        typer.echo(f"  {spec.name}: {there}; modes {known}" + ("" if spec.default else "; only where named"))
    typer.echo("formats")
    for form in FORMATS.values():
        typer.echo(f"  {form.name}: {form.bits} bits, precision {form.precision}, exponents {form.emin} to {form.emax}")
