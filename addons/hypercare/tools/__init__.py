from . import window_figures
