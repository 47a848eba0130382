"""`fetch`: open layers for an area."""

from pathlib import Path

import click


@click.command(
    short_help="Fetch open layers for an area.",
    context_settings={"ignore_unknown_options": True},  # a box may begin with a minus
    epilog="\b\nExamples:\n"
    "  lomsong fetch --list                                  layers, licences and terms\n"
    "  lomsong fetch 102.9,22.0,103.4,22.6 --out my-area --country VN --dry-run\n"
    "  lomsong fetch villages.gpkg --out my-area --layers dem,population --country VN\n"
    "  lomsong fetch LSO --out lesotho --quarter 2025Q4 --yes\n"
    "\b\nThe token of OpenCelliD is read from the environment variable OPENCELLID_TOKEN and written nowhere.\n",
)
@click.argument("area", required=False)
@click.option("--out", type=click.Path(file_okay=False), help="Folder of the files.")
@click.option("--layers", metavar="A,B", help="Layers, by comma; the usual ones if not given (see --list).")
@click.option("--quarter", metavar="YYYYQn", help="Quarter of the speed tests, for example 2025Q4.")
@click.option("--country", metavar="CODE", help="ISO 3166 code of the country that a box or file lies in.")
@click.option(
    "--catalogue",
    type=click.Path(dir_okay=False),
    help="YAML that overrides layers, for example base_url of a mirror.",
)
@click.option("--list", "list_layers", is_flag=True, help="Name the layers and their licences.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched and how much, and write nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before fetching.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; needs --yes or --dry-run.")
def fetch(
    area: str | None,
    out: str | None,
    layers: str | None,
    quarter: str | None,
    country: str | None,
    catalogue: str | None,
    list_layers: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Fetch open layers for AREA: a box west,south,east,north, a vector file, or an ISO country code."""
    from lomsong.sources.remote.fetching import Order
    from lomsong.terminal import fetch as shown
    from lomsong.terminal.bars import progress_bars

    chosen = None if catalogue is None else Path(catalogue)
    if list_layers:
        shown.show_layers(chosen, as_json=as_json)
        return
    if area is None or out is None:
        raise click.UsageError("fetch needs an AREA and --out DIR (or --list); see lomsong fetch --help")
    if area.startswith("-") and "," not in area:
        raise click.NoSuchOption(area)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask; add --yes or --dry-run")
    names = None if layers is None else tuple(name.strip() for name in layers.split(",") if name.strip())
    order = Order(
        area=area,
        out=Path(out),
        layers=names,
        quarter=quarter,
        country=country,
        catalogue=chosen,
        dry_run=dry_run,
    )
    with progress_bars(quiet=as_json) as progress:
        shown.fetch(order, yes=yes, as_json=as_json, progress=progress)
