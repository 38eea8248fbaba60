"""Files to checked tables, and tables to files."""

from exprstats.io.clips import read_clips, read_items
from exprstats.io.facts import FileFacts, sniff_file
from exprstats.io.folders import join_inside, slug, stage_folder
from exprstats.io.outputs import encode_json, write_csv, write_json
from exprstats.io.predictions import read_predictions
from exprstats.io.ratings import read_ratings
from exprstats.io.table import read_table

__all__ = [
    "FileFacts",
    "encode_json",
    "join_inside",
    "read_clips",
    "read_items",
    "read_predictions",
    "read_ratings",
    "read_table",
    "slug",
    "sniff_file",
    "stage_folder",
    "write_csv",
    "write_json",
]
