"""A figure as a phone shows it: narrower, so that its letters keep their size."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, TALLEST = 3.9, 2.7  # inches, of the figure and of one row of panels
PICTURES, LABEL, TITLE = 4, 0.6, 0.35  # in a row; inches, of what stands beside and above them
LEGEND_ROW, HANDLE = 0.22, 0.5  # inches, of a line of the legend and of what stands before a name


def fit(figure: "Figure") -> bool:
    """Stack plots that stand side by side, move a single plot's legend below it, and show fewer pictures of each row.

    False, and nothing changed, if the figure is arranged otherwise or fits a phone as it is; so too for a single plot
    with words inside, which would run into each other.
    """
    if figure.get_figwidth() <= WIDTH:
        return False
    has_pictures = any(panel.images for panel in figure.axes)
    if has_pictures and all(panel.images or not panel.axison for panel in figure.axes):
        return _thin_out(figure)
    panels = _row(figure)
    if not panels or has_pictures or (len(panels) == 1 and panels[0].texts):
        return False
    figure.set_layout_engine("constrained")  # other margins were for the wide figure
    height = min(figure.get_figheight(), TALLEST)
    if len(panels) == 1:
        height += LEGEND_ROW * _legend_below(figure, panels[0])
    else:
        height *= _stack(figure, panels)
    figure.set_size_inches(WIDTH, height)
    return True


def _thin_out(figure: "Figure") -> bool:
    """Keep the first and the last column of a grid of pictures and some between, as evenly as may be."""
    places = {panel: place for panel in figure.axes if (place := panel.get_subplotspec())}
    grids = {place.get_gridspec() for place in places.values()}
    if len(places) < len(figure.axes) or len(grids) != 1 or any(len(place.colspan) > 1 for place in places.values()):
        return False
    (grid,) = grids
    last, count = grid.ncols - 1, min(grid.ncols, PICTURES)
    kept = [round(number * last / max(count - 1, 1)) for number in range(count)]
    smaller = figure.add_gridspec(grid.nrows, count)
    shape = max(rows / columns for panel in places for image in panel.images for rows, columns in [image.get_size()])
    for panel, place in places.items():
        if place.colspan.start in kept:
            panel.set_subplotspec(smaller[place.rowspan.start, kept.index(place.colspan.start)])
        else:
            panel.remove()
    figure.set_size_inches(WIDTH, grid.nrows * shape * (WIDTH - LABEL) / count + TITLE)
    return True


def _row(figure: "Figure") -> "list[Axes]":
    """The panels, if all axes stand side by side in one grid."""
    places = [place for panel in figure.axes if (place := panel.get_subplotspec())]
    if len(places) < len(figure.axes) or len({place.get_gridspec() for place in places}) != 1:
        return []
    one_row = places[0].get_gridspec().nrows == 1 and len({place.colspan.start for place in places}) == len(places)
    return sorted(figure.axes, key=lambda panel: places[figure.axes.index(panel)].colspan.start) if one_row else []


def _stack(figure: "Figure", panels: "list[Axes]") -> int:
    """One above the other, or two by two; returns the number of rows."""
    columns = 2 if len(panels) > 3 else 1
    rows = -(-len(panels) // columns)
    grid = figure.add_gridspec(rows, columns)
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        panel.set_subplotspec(grid[row, column])
        if column == 0 and panel.get_shared_y_axes().joined(panel, panels[0]):
            panel.tick_params(labelleft=True)
            panel.set_ylabel(panel.get_ylabel() or panels[0].get_ylabel())
    return rows


def _legend_below(figure: "Figure", panel: "Axes") -> int:
    """Put the legend where it hides nothing; returns its number of rows."""
    legend = panel.get_legend()
    if legend is None or not legend.get_texts():
        return 0
    widest = max(text.get_window_extent().width for text in legend.get_texts()) / figure.dpi
    columns = 2 if 2 * (widest + HANDLE) <= WIDTH else 1
    names, title = [text.get_text() for text in legend.get_texts()], legend.get_title().get_text()
    of_panel = dict(zip(*reversed(panel.get_legend_handles_labels()), strict=True))
    handles = [of_panel.get(name, drawn) for name, drawn in zip(names, legend.legend_handles, strict=True)]
    legend.remove()
    look = {"title": title or None, "ncols": columns, "frameon": False}
    figure.legend([one for one in handles if one], names, loc="outside lower center", **look)
    return -(-len(names) // columns) + bool(title)
