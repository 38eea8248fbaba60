"""The sentence on videos by group, where groups are tied."""

from types import SimpleNamespace

import pandas as pd
import pytest

from exprstats.document.text import write_plain
from exprstats.report.sections.evoked import _say_videos


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([4, 4, 2], "By theme, most videos: a and b (4); fewest: c (2), of 3 groups"),
        ([3, 3, 3], "By theme, 3 groups have 3 videos each"),
        ([5], "By theme, 1 group has 5 videos"),
        ([1, 9, 1, 1, 1, 1], "fewest: a, c, d, and 2 more (1), of 6 groups"),
    ],
)
def test_groups_with_as_many_videos_are_named_together(counts, told):
    rows = {"term": "video_share", "group": list("abcdef")[: len(counts)], "n_joint": counts}
    found = SimpleNamespace(table=pd.DataFrame(rows), by="theme", n_videos=sum(counts))
    text = write_plain(_say_videos(found)).replace("\N{NO-BREAK SPACE}", " ")
    assert told in text and text.endswith("(Figure evoked_videos).") and "several" not in text
