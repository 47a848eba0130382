"""The command line: one group of commands, and one end for every error."""

import os
import sys
import traceback
from io import TextIOWrapper
from typing import Any

import click

from lomsong.commands import fetching, planning, redrawing, reference, running, sharing
from lomsong.errors import LomsongError
from lomsong.terminal.lines import print_lines

_EXAMPLES = """\b
Examples:
  lomsong demo my-district                       a made-up district to learn with
  lomsong check my-district/district.yml         what the data is good for
  lomsong run my-district/district.yml --out maps/mine
  lomsong path maps/mine --village ID --out p.svg  the terrain between a village and a mast
  lomsong fetch VN --out vn --dry-run            which open layers an area needs, and how much that is
  lomsong map maps/mine --lang vi                the map again, in Vietnamese
  lomsong plan maps/mine --budget 2e6            what to build first within a budget
  lomsong compare maps/old maps/new              what changed between runs, and why
  lomsong publish maps/mine postgresql://db/gis  the result in a PostGIS database
  lomsong columns villages                       what a table holds
  lomsong settings radio                         every setting with its default and source
"""


class _Main(click.Group):
    """A group that ends every error of ours in one message and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's name
        """Return the commands in the order in which they are met."""
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a name that the terminal cannot show is no error
        try:
            return super().invoke(context)
        except LomsongError as error:
            _fail(_with_notes(str(error), error))
        except KeyboardInterrupt:
            _fail(
                "interrupted; no result was changed (after lomsong run, --resume goes on from here)", code=130
            )
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise  # click has its own end for each
        except MemoryError as error:
            _fail(
                _with_notes(
                    "there is not enough memory; use fewer workers, larger cells or a larger machine", error
                )
            )
        except OSError as error:
            _trace_if_asked()
            where = f"{error.filename}: " if error.filename else ""
            _fail(_with_notes(f"{where}{error.strerror or error}", error))
        except Exception as error:  # noqa: BLE001 - nothing that a user meets ends in a traceback
            _trace_if_asked()
            _fail(
                f"this is a mistake in lomsong, not in your data: {type(error).__name__}: {error}\n"
                "Please report it; LOMSONG_DEBUG=1 in front of the command shows where it happened."
            )


def _trace_if_asked() -> None:
    if os.environ.get("LOMSONG_DEBUG"):
        traceback.print_exc()


def _with_notes(message: str, error: BaseException) -> str:
    return "\n".join([message, *getattr(error, "__notes__", ())])


def _fail(message: str, *, code: int = 1) -> None:
    print_lines(*f"Error: {message}".split("\n"), err=True)
    sys.exit(code)


@click.group(cls=_Main, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lomsong")
def main() -> None:
    """Find the villages without mobile signal, say how sure that is, and rank them."""


for _command in (
    running.demo,
    fetching.fetch,
    running.check,
    running.run,
    redrawing.map_,
    redrawing.report,
    redrawing.path,
    planning.plan,
    sharing.compare,
    sharing.publish,
    reference.columns,
    reference.settings,
):
    main.add_command(_command)
