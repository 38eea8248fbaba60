"""Files to checked tables, and tables to files."""

from exprstats.io.clips import read_clips, read_items, read_table
from exprstats.io.contents import FileContents, read_contents
from exprstats.io.detection import FileFacts, sniff_file
from exprstats.io.files.reading import Reading
from exprstats.io.folders import spare_inputs, stage_folder
from exprstats.io.outputs import encode_json, join_inside, slug, write_csv, write_json
from exprstats.io.predictions import read_predictions
from exprstats.io.ratings import read_ratings

__all__ = [
    "FileContents",
    "FileFacts",
    "Reading",
    "encode_json",
    "join_inside",
    "read_clips",
    "read_contents",
    "read_items",
    "read_predictions",
    "read_ratings",
    "read_table",
    "slug",
    "sniff_file",
    "spare_inputs",
    "stage_folder",
    "write_csv",
    "write_json",
]
