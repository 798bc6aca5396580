"""A figure as a phone shows it: panels that stand side by side are stacked, so that their letters keep their size."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, TALLEST = 3.9, 2.7  # inches, of the figure and of one row of panels


def stack(figure: "Figure") -> bool:
    """Stack plots that stand side by side; False, and nothing changed, if the figure is anything else."""
    panels = _row(figure)
    if len(panels) < 2 or any(panel.images for panel in panels):
        return False
    columns = 2 if len(panels) > 3 else 1
    rows = -(-len(panels) // columns)
    grid = figure.add_gridspec(rows, columns)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        panel.set_subplotspec(grid[row, column])
        if column == 0 and panel.get_shared_y_axes().joined(panel, panels[0]):
            panel.tick_params(labelleft=True)
            panel.set_ylabel(panel.get_ylabel() or panels[0].get_ylabel())
    figure.set_size_inches(WIDTH, rows * min(figure.get_figheight(), TALLEST))
    return True


def _row(figure: "Figure") -> "list[Axes]":
    """The panels, if all axes stand side by side in one grid."""
    places = [panel.get_subplotspec() for panel in figure.axes]
    if None in places or len({place.get_gridspec() for place in places}) != 1:
        return []
    one_row = places[0].get_gridspec().nrows == 1 and len({place.colspan.start for place in places}) == len(places)
    return sorted(figure.axes, key=lambda panel: panel.get_subplotspec().colspan.start) if one_row else []
