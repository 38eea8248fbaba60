"""Deep models in torch and video in OpenCV; both load only when used."""
