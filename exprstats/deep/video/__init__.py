"""Video through OpenCV, which loads only when used: reading by time stamp, cutting, face boxes."""
