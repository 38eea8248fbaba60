"""OpenFace files: headers, lines, videos, faces and frames."""
