from .clips import read_clips, read_items, read_table
from .contents import FileContents, read_contents
from .detection import FileFacts, sniff_file
from .files.reading import Reading
from .folders import spare_inputs, stage_folder
from .outputs import encode_json, join_inside, slug, write_csv, write_json
from .predictions import read_predictions
from .ratings import read_ratings

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
