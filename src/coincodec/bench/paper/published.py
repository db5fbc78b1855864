"""What the paper states outside its rate-distortion curve, which `bench/data` holds, and where it says so."""

from __future__ import annotations

PAPER = "Dupont et al. 2021, arXiv:2103.03123"

# Steps of full-image Adam on kodim15 at 0.3 bits per pixel after which COIN is better than JPEG (section 4).
STEPS_TO_PASS_JPEG = 15_000

# What half floats cost (section 4). There are no figures to it.
ON_BITS = "rounding weights from 32 to 16 bits costs next to no quality, 8 bits or fewer cost too much to pay"

# Models at 0.3 bits per pixel, in the kB that the paper's bar chart has on its axis.
MODEL_SIZES_SOURCE = "github.com/EmilienDupont/coin, plots.py, plot_model_size"
MODEL_SIZES_KB = {"COIN": 14.7455, "BMS": 10135.868, "MBT": 24764.604, "CST": 31834.464}
