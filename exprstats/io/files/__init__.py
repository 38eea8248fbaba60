"""Files as they lie on a disk: kinds, texts, workbooks, statistical files, and their records."""
